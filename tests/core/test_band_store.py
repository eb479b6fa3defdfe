"""Images on disk."""

import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.training import band_store  # noqa: E402
from core.training.band_store import BandStore, StoredBands, StoredImages, in_memory  # noqa: E402
from core.training.losses import Spectra, Target  # noqa: E402


def images(count=5):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(7 + number, 6, 5, generator=generator) for number in range(count)]


def test_what_is_read_is_what_was_kept():
    store, given = BandStore(), images()
    kept = [store.keep(image) for image in given]
    for image, one in zip(given, kept):
        assert isinstance(one, StoredBands)
        for some in (slice(None), slice(2, None, 3), slice(1, 4)):
            assert torch.equal(one[some], image[some])


def test_images_that_are_views_or_empty_are_kept():
    store, (image, *_) = BandStore(), images()
    for part in (image[::2, 1:4], image.flatten(1)[:, torch.zeros(30, dtype=torch.bool)]):
        assert torch.equal(store.keep(part)[:], part)


def test_the_file_lives_as_long_as_an_image_of_it():
    image = images()[0]
    kept = BandStore().keep(image)
    assert torch.equal(kept[:], image)


def test_several_threads_read_what_is_theirs():
    store, given = BandStore(), images(8)
    kept, wrong = [store.keep(image) for image in given], []

    def read(number):
        for _ in range(200):
            if not torch.equal(kept[number][:], given[number]):
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_without_space_an_image_stays_in_memory(monkeypatch):
    class Full:
        def seek(self, place):
            pass

        def write(self, data):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(band_store.tempfile, "TemporaryFile", lambda buffering: Full())
    image = images()[0]
    assert BandStore().keep(image) is image


def test_a_file_that_was_cut_off_is_an_error():
    store = BandStore()
    kept = store.keep(images()[0])
    store._file.truncate(10)
    with pytest.raises(OSError, match="cut off"):
        kept[:]


def test_numbers_are_float32():
    kept = BandStore().keep(torch.from_numpy(np.arange(12, dtype=np.float32).reshape(3, 2, 2)))
    assert kept[:].dtype == torch.float32


def test_a_part_of_an_image_is_that_of_the_tensor():
    image = images()[0]
    kept = BandStore().keep(image)
    assert kept.shape == image.shape
    for part in ((slice(None), slice(1, 5), slice(2, None)), (..., slice(0, 3), slice(4, 5))):
        assert torch.equal(kept[part], image[part])


def test_named_tuples_of_images_come_back_as_they_were():
    first, second, third, *_ = images()
    spectra = Spectra(first, second)
    target = Target(third, spectra, second)
    stored = StoredImages(target, BandStore())
    assert all(isinstance(image, StoredBands) for image in (stored.bands.bands, *stored.bands.spectra))
    found = in_memory(stored)
    assert isinstance(found, Target)
    assert isinstance(found.spectra, Spectra)
    assert torch.equal(found.bands, third)
    assert torch.equal(found.product, second)
    assert all(torch.equal(one, other) for one, other in zip(found.spectra, spectra))


def test_named_tuples_in_memory_are_returned_themselves():
    spectra = Spectra(*images(2))
    assert in_memory(spectra) is spectra
