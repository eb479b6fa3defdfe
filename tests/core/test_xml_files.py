"""XML of unknown origin is refused by our own look at it, before a parser sees it."""

from __future__ import annotations

import time

import pytest

from core.io import xml_files
from core.io.xml_files import read_xml, text_of_file
from core.runtime.errors import InputError


@pytest.fixture
def xml(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "METADATA.XML"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def test_elements_texts_and_attributes(xml):
    root = read_xml(
        xml(
            '\ufeff<?xml version="1.0"?><!-- <b> --><n1:a xmlns:n1="http://a"><n1:b id="1"> x &lt; y </n1:b><b id="2"/>'
            "<c><![CDATA[<b>]]><d>ü</d></c></n1:a>"
        )
    )
    assert root.name == "a"
    assert root.texts("b") == ["x < y", ""]
    assert [b.attribute("id") for b in root.all("b")] == ["1", "2"]
    assert root.text_of("c/d") == "ü"
    assert root.text_of("c/none") == ""
    assert [d.text for d in root.anywhere("d")] == ["ü"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<!DOCTYPE a><a/>", "document type or entities"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type or entities"),
        ('<?xml version="1.0"?><!--x--><!ENTITY b SYSTEM "c"><a/>', "document type or entities"),
        ("<a>" * 65 + "</a>" * 65, "64 deep"),
        ("</a>", "no complete XML"),
        ("<a></b>", "no complete XML"),
        ("<a/><b/>", "no complete XML"),
        ("<a/>text", "no complete XML"),
        ("<a b=c/>", "no complete XML"),
        ("< a/>", "no complete XML"),
        ("<a><b></b>", "no complete XML"),
        ("<a", "no complete XML"),
        ("<a><!-- never ends </a>", "no complete XML"),
        ("", "no complete XML"),
        ("no XML", "no complete XML"),
        ("<a>\0</a>", "is not the metadata"),
    ],
)
def test_what_no_product_has_is_refused(xml, text, sentence):
    with pytest.raises(InputError, match=sentence):
        read_xml(xml(text))


def test_another_encoding_hides_no_declaration(xml):
    with pytest.raises(InputError):
        read_xml(xml("<!DOCTYPE a><a/>", "utf-16"))


def test_too_many_elements_and_too_many_bytes_are_refused_at_once(xml, monkeypatch):
    monkeypatch.setattr(xml_files, "MAX_TAGS", 1000)
    started = time.monotonic()
    with pytest.raises(InputError, match="1000 elements at most"):
        read_xml(xml("<a>" + "<b/>" * 1000 + "</a>"))
    with pytest.raises(InputError, match="more than 1 MB"):
        text_of_file(xml("x" * (2**20 + 1)), limit=2**20)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("text", ["<a " + "b" * 10**6, "<a " + "b" * 10**6 + ">", "<!--" * 10**5, "<a b='" * 10**5])
def test_long_markup_that_never_ends_takes_the_time_of_its_length(xml, text):
    started = time.monotonic()
    with pytest.raises(InputError):
        read_xml(xml(text))
    assert time.monotonic() - started < 5


def test_what_is_no_utf_8_and_no_character_does_no_harm(tmp_path):
    path = tmp_path / "METADATA.XML"
    path.write_bytes(b"<a b='\xff'><n\xfc\xfc>&#xD800;&unknown;\xe4</n\xfc\xfc></a>")
    root = read_xml(str(path))
    assert root.attribute("b") == "\ufffd"
    assert [child.text for child in root] == ["\ufffd&unknown;\ufffd"]


def test_sixty_four_levels_are_read(xml):
    assert read_xml(xml("<a>" * 64 + "</a>" * 64)).name == "a"
