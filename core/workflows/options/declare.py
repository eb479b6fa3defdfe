"""How options, files and jobs are declared; the command line, dialogs, helps and checks are made of it."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, TypeVar

from ...runtime.errors import InputError
from ...runtime.near_words import hint
from ...runtime.progress import Progress
from .given import as_text, is_extent

INPUTS = ("raster", "rasters", "file", "files", "folder")
OUTPUTS = ("raster_out", "file_out")
_Chosen = TypeVar("_Chosen", bound="Options")


@dataclass(frozen=True)
class Option:
    """What is to be known of an option or a file.

    Attributes:
        help: what it does, in sentences.
        label: its name in dialogs.
        default: its value where none is given.
        kind: "text", "number", "whole", "gain" (a number or a word), "switch", "choice", "choices", "extent"; of files
            "raster", "rasters", "file", "files", "folder" to read and "raster_out", "file_out" to write. By default as
            default, bounds and choices tell.
        name: in Python.
        flag: on the command line, blanks between several; a word without dashes is given by its place, "" keeps it
            off. By default it follows the name, without "_path".
        key: in Processing, "" keeps it out of dialogs. By default it follows the name, without "_path".
        metavar: stands for the value in the command line's help.
        bounds: both allowed, but a lower one of 0 of a "number" is not.
        zero: what 0 means.
        choices: words, or what makes them when it is asked.
        titles: (word, what menus show for it) of choices; of others the word itself is shown.
        open: whether other words are allowed.
        noun: what a word is, for the sentence that refuses it.
        needed: whether it must be given.
        one_of: of options with the same, exactly one must be given.
        advanced: whether it is one of the advanced parameters.
        filter: of file dialogs.
        by_default: whether Processing writes it unasked.
        product: filter of the file dialog of a product that may stand in for a raster in Processing: a parameter of its
            own, with ``_PRODUCT`` behind the key; "" for none.
    """

    help: str
    label: str = ""
    default: Any = ""
    kind: str = ""
    name: str = ""
    flag: str | None = None
    key: str | None = None
    metavar: str | tuple[str, ...] | None = None
    bounds: tuple[float, float] | None = None
    zero: str = ""
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] = ()
    titles: tuple[tuple[str, str], ...] = ()
    open: bool = False
    noun: str = ""
    needed: bool = False
    one_of: str = ""
    advanced: bool = False
    filter: str = ""
    by_default: bool = True
    product: str = ""

    def but(self, **changes: Any) -> Option:
        """The same with some changes.

        Args:
            changes: attributes by name.

        Returns:
            The changed declaration.
        """
        return dataclasses.replace(self, **changes)

    def field(self, **changes: Any) -> Any:
        """A field of an options class.

        Args:
            changes: of this declaration, attributes by name.

        Returns:
            What a dataclass takes as a field.
        """
        changed = self.but(**changes)
        return dataclasses.field(default=changed.default, metadata={"option": changed})

    def named(self, name: str) -> Option:
        """With what follows from the name, where nothing else is declared.

        Args:
            name: in Python.

        Returns:
            The complete declaration.
        """
        short = name.removesuffix("_path")
        key = short.upper() if self.key is None and self.label else self.key or ""
        flag = f"--{short.replace('_', '-')}" if self.flag is None else self.flag
        return self.but(name=name, key=key, flag=flag, kind=self.kind or self._kind())

    @property
    def takes_product(self) -> bool:
        """Whether a product may stand in for a layer of Processing."""
        return bool(self.product) and self.kind in ("raster", "rasters")

    def stand_in(self) -> Option:
        """The parameter of Processing that takes a product in the place of a raster, or products beside rasters."""
        several = self.kind == "rasters"
        return Option(
            "Products as they are delivered, after the layers: of each its file (of many files the metadata), its "
            "folder, or a zip or tar archive."
            if several
            else "A product as it is delivered, instead of a layer: its file (of many files the metadata), its folder, "
            "or a zip or tar archive. Leave the layer empty then; the product may stand in its place, too.",
            f"{self.label}: products" if several else f"{self.label}: product instead of a layer",
            kind="files" if several else "file",
            name=f"{self.name}_product",
            flag="",
            key=f"{self.key}_PRODUCT",
            filter=self.product,
            advanced=True,
        )

    def words(self) -> tuple[str, ...]:
        """The choices."""
        return self.choices() if callable(self.choices) else self.choices

    def taken(self, value: Any) -> Any:
        """A value as it is declared.

        Args:
            value: of the option; for a text also numbers in a sequence or array, for choices a single word.

        Returns:
            The value; of numbers the text, as "1,2,3", of a single word a tuple.
        """
        if self.kind == "choices" and isinstance(value, str):
            return (value,)
        return as_text(value) if self.kind == "text" and self.default is not None else value

    def check(self, value: Any) -> None:
        """Refuse what lies outside of the bounds or the choices, and what is no extent.

        Args:
            value: of the option.

        Raises:
            InputError: it does.
        """
        if self.bounds and value is not None and not self._within(value):
            low, high = (f"{bound:.10g}" for bound in self.bounds)
            allowed = f"must be an integer from {low} to {high}"
            if self.kind == "number" or self.zero:
                allowed = f"lies between {low}{f' ({self.zero})' if self.zero else ''} and {high}"
            usual = f"{self.default:g} is the usual number" if self.default is not None else "leave it out"
            raise InputError(
                f"{self.name} is {value}, but it {allowed}: {usual}{f' ({self.flag})' if self.default is None else ''}."
            )
        if self.kind == "extent" and value is not None and not is_extent(value):
            raise InputError(f"{self.name} is {value!r}, but it is four numbers: xmin, ymin, xmax, ymax.")
        if self.choices and not self.open:
            words = self.words()
            unknown = [word for word in (value if self.kind == "choices" else [value]) if word not in words]
            if unknown:
                near = hint(str(unknown[0]), words)
                raise InputError(f"There is no {self.noun or self.name} {unknown[0]!r}{near}")

    def _within(self, value: Any) -> bool:
        low, high = self.bounds or (0, 0)
        try:
            if self.kind == "whole":
                return low <= value <= high and value == int(value)
            return value <= high and (value >= low if low else value > low)
        except TypeError:
            return False

    def _kind(self) -> str:
        if self.bounds:
            return "whole" if isinstance(self.bounds[0], int) else "number"
        if self.choices:
            return "choices" if isinstance(self.default, tuple) else "choice"
        return "switch" if isinstance(self.default, bool) else "text"


class Result(NamedTuple):
    """What a job finds beside files, for models and scripts of Processing: a number, or a word.

    Attributes:
        key: in Processing; in lower case the key of what the job returns.
        label: its name.
        help: what it is, in sentences.
        kind: "number", "text" or "folder".
    """

    key: str
    label: str
    help: str
    kind: str = "number"


@dataclass(frozen=True)
class Options:
    """Base of a job's options: each field is made by :meth:`Option.field`."""

    @classmethod
    def declared(cls) -> tuple[Option, ...]:
        """The declarations of all fields."""
        return tuple(field.metadata["option"].named(field.name) for field in dataclasses.fields(cls))

    @classmethod
    def of(cls: type[_Chosen], named: Mapping[str, Any], base: _Chosen | None = None) -> _Chosen:
        """Options by name.

        Args:
            named: values by name; None leaves an option as it is.
            base: has what is not named; by default the defaults.

        Returns:
            The options.

        Raises:
            TypeError: there is no option of that name.
        """
        options = {option.name: option for option in cls.declared()}
        for name in named:
            if name not in options:
                raise TypeError(f"there is no option {name!r}{hint(name, options, choose=False)}")
        given = {name: options[name].taken(value) for name, value in named.items() if value is not None}
        return dataclasses.replace(base or cls(), **given)

    def check(self) -> None:
        """Refuse values outside of the bounds and the choices.

        Raises:
            InputError: one is.
        """
        for option in self.declared():
            option.check(getattr(self, option.name))


@dataclass(frozen=True)
class Job:
    """A job, for people: its files, options and words.

    Attributes:
        name: of its function, its module and its subcommand.
        title, group_name: in the toolbox.
        summary: one sentence.
        text: paragraphs.
        tags: to search by.
        files: to read and to write.
        options: their class.
        results: what it finds besides.
        order: keys in the dialog, between the inputs that are not named here and the outputs; options that are not
            named come last.
        id: in Processing, by default the name.
        example: arguments on the command line.
        terminal: what only the command line's help says.
    """

    name: str
    title: str
    group_name: str
    summary: str
    text: tuple[str, ...]
    tags: tuple[str, ...]
    files: tuple[Option, ...] = ()
    options: type[Options] = Options
    results: tuple[Result, ...] = ()
    order: str = ""
    id: str = ""
    example: str = ""
    terminal: str = ""

    @property
    def group(self) -> str:
        """The id of the group in Processing."""
        return self.group_name.replace("-", "").lower()

    def declared(self) -> tuple[Option, ...]:
        """All files and options."""
        return (*(file.named(file.name) for file in self.files), *self.options.declared())

    def several(self, option: Option) -> bool:
        """Whether an option takes several values on the command line.

        Args:
            option: of the job.
        """
        further = any(other.name == f"{option.name}_more" for other in self.options.declared())
        return further or option.kind in ("rasters", "choices", "extent")

    def dialog(self) -> list[Option]:
        """What the dialog asks for, in its order."""
        rank = {key: number for number, key in enumerate(self.order.split())}
        asked = sorted(
            (option for option in self.declared() if option.key),
            key=lambda option: (option.kind in OUTPUTS, rank.get(option.key or "", 99 * (option.kind not in INPUTS))),
        )
        return [each for one in asked for each in ((one, one.stand_in()) if one.takes_product else (one,))]

    def texts(self) -> Iterable[str]:
        """All that a dialog shows, to be translated; a filter of several kinds of files has their names alone."""
        yield from (self.title, self.group_name, self.summary, *self.text)
        for option in self.dialog():
            yield from (option.help, option.label, "" if ";;" in option.filter else option.filter)
            yield from (title for _, title in option.titles)
        yield from (text for result in self.results for text in (result.help, result.label))

    def run(self, values: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """Do it.

        Args:
            values: files and options by name.
            progress: receives progress and messages; asked whether to stop.

        Returns:
            What the job's function returns.
        """
        module = importlib.import_module(f"..{self.name}", __package__)
        made: dict[str, Any] = getattr(module, self.name)(**values, progress=progress)
        return made
