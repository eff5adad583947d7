"""CSV files → the tables that a mapping reads, with the indexes it needs. What cannot be loaded is listed, not lost."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.people import SourcePosition
from fhir_facade_claims_sql.convert import to_whole
from fhir_facade_claims_sql.database import first_line, usable_url
from fhir_facade_claims_sql.fields import RECORDS
from fhir_facade_claims_sql.mapping import MappingFile

FILE_COLUMN, LINE_COLUMN = "source_file", "source_line"
"""Columns that every table has beside those of its files: where a row was read."""

AT_ONCE = 500
ANALYZE = {"mysql": "ANALYZE TABLE", "mariadb": "ANALYZE TABLE"}
"""How a database is told to look at a new table, so that it uses its indexes at once; ``ANALYZE`` elsewhere."""
KEY_LENGTH = 100
LONGEST_CELL = 100_000


@dataclass(slots=True)
class Loaded:
    """Rows of each table, and lines of files that could not become one."""

    rows: dict[str, int] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of all tables are keys, and which hold whole numbers."""

    keys: frozenset[str]
    whole: frozenset[str]

    @classmethod
    def of(cls, mapping: MappingFile) -> Columns:
        """What the mapping finds rows by, and counts with."""
        sections = list(mapping.sections())
        whole = (
            column
            for section in sections
            for column, name in section.fills()
            if RECORDS[section.record].get(name) is to_whole
        )
        keys = {key for section in sections for key in (section.claim_key, section.member_key) if key}
        return cls(frozenset(keys), frozenset(whole) - keys)

    def table(self, name: str, columns: Sequence[str]) -> sa.Table:
        """The table of these columns, with an index on each key."""
        table = sa.Table(
            name,
            sa.MetaData(),
            *(sa.Column(column, self._kind(column)) for column in columns),
            sa.Column(FILE_COLUMN, sa.String(KEY_LENGTH)),
            sa.Column(LINE_COLUMN, sa.Integer),
            mysql_charset="utf8mb4",
            mariadb_charset="utf8mb4",
        )
        for key in sorted(self.keys & set(columns)):
            sa.Index(f"{name}_{key}", table.c[key])
        return table

    def _kind(self, column: str) -> Any:
        if column in self.whole:
            return sa.BigInteger()
        return sa.String(KEY_LENGTH) if column in self.keys else sa.Text()


def load(mapping: MappingFile, folder: Path, url: str, *, replace: bool = False) -> Loaded:
    """Create and fill the tables that ``mapping.files`` names, each in one transaction.

    Args:
        mapping: says which files make which table.
        folder: holds the files: CSV with a header, also as ``.csv.gz`` or in a ``.zip``.
        url: SQLAlchemy URL of the database, with an account that may create tables.
        replace: drop tables that are there already.

    Raises:
        ConfigError: the mapping names no files, files are missing or lack columns, or a table is there already.
        ClaimsUnavailable: the database refuses, or a file cannot be read.
    """
    columns = Columns.of(mapping)
    found = _files(mapping.files, folder)
    tables = {name: columns.table(name, _header(files)) for name, files in found.items()}
    _check(mapping, tables)
    loaded = Loaded()
    try:
        engine = sa.create_engine(usable_url(url))
        try:
            _make_room(engine, tables, replace=replace)
            for name, table in tables.items():
                with engine.begin() as connection:
                    table.create(connection)
                    loaded.rows[name] = _fill(connection, table, found[name], columns.whole, loaded.rejected)
                    connection.execute(sa.text(f"{ANALYZE.get(engine.dialect.name, 'ANALYZE')} {table.name}"))
        finally:
            engine.dispose()
    except (SQLAlchemyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ClaimsUnavailable(
            f"loading stopped: {first_line(error)}; mend it and run again with --replace"
        ) from error
    return loaded


def _files(patterns: Mapping[str, str], folder: Path) -> dict[str, list[Path]]:
    if not patterns:
        raise ConfigError(["the mapping names no files; say in [files] which CSV files make which table"])
    there = sorted(path for path in folder.iterdir() if path.is_file())
    found = {name: [path for path in there if _fits(path, pattern)] for name, pattern in patterns.items()}
    missing = [f"{name}: no CSV file like {patterns[name]} in {folder}" for name, files in found.items() if not files]
    if missing:
        raise ConfigError(missing)
    return found


def _fits(path: Path, pattern: str) -> bool:
    name = path.name.lower()
    return fnmatch(name, pattern.lower()) and name.endswith((".csv", ".csv.gz", ".zip"))


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The text of a file; bytes that are no UTF-8 become marks by which their line is refused."""
    name = path.name.lower()
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            inner = [one for one in archive.namelist() if one.lower().endswith(".csv")]
            if len(inner) != 1:
                raise ConfigError([f"{path.name}: must hold exactly one CSV file; it holds {len(inner)}"])
            with archive.open(inner[0]) as handle:
                yield io.TextIOWrapper(handle, encoding="utf-8-sig", errors="surrogateescape", newline="")
    elif name.endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            yield handle
    else:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            yield handle


def _header(files: Sequence[Path]) -> list[str]:
    """The columns of all files of one table, in small letters."""
    headers = [_columns(path) for path in files]
    for path, header in zip(files, headers, strict=True):
        if set(header) != set(headers[0]):
            other = ", ".join(sorted(set(header) ^ set(headers[0])))
            raise ConfigError([f"{path.name}: other columns than {files[0].name}: {other}; load one version at a time"])
    return headers[0]


def _columns(path: Path) -> list[str]:
    try:
        with _opened(path) as handle:
            names = [name.strip().lower() for name in next(csv.reader(handle), [])]
    except (OSError, EOFError, csv.Error, zipfile.BadZipFile) as error:
        raise ConfigError([f"{path.name}: cannot be read ({type(error).__name__}); get the file again"]) from error
    if len(names) < 2 or len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise ConfigError([f"{path.name}: the first line must name every column once, separated by commas"])
    return names


def _check(mapping: MappingFile, tables: Mapping[str, sa.Table]) -> None:
    """Every column that a section reads from its own table is in the files."""
    faults = [f"files.{name}: a table's name is letters, digits and underscores" for name in tables if not _plain(name)]
    for claim_set in mapping.claims:
        inline = [section for section in (claim_set.line, *claim_set.parts) if section.inline]
        for section in (claim_set.claim, claim_set.line, *claim_set.parts):
            read = [*section.columns, *(c for one in inline for c in one.columns if section is claim_set.claim)]
            table = tables.get(str(section.table))
            lacking = sorted(set(read) - set(table.columns.keys())) if table is not None else []
            faults += [f"{section.table}: the files have no column {column}" for column in lacking]
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))


def _plain(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _make_room(engine: sa.Engine, tables: Mapping[str, sa.Table], *, replace: bool) -> None:
    there = sorted(set(sa.inspect(engine).get_table_names()) & tables.keys())
    if there and not replace:
        raise ConfigError([f"the database has {', '.join(there)} already; give --replace, or another database"])
    with engine.begin() as connection:
        for name in there:
            tables[name].drop(connection)


def _fill(
    connection: Connection, table: sa.Table, files: Sequence[Path], whole: frozenset[str], rejected: list[Rejected]
) -> int:
    count = 0
    batch: list[dict[str, Any]] = []
    for path in files:
        for item in _rows(path, whole):
            if isinstance(item, Rejected):
                rejected.append(item)
                continue
            batch.append(item)
            if len(batch) >= AT_ONCE:
                connection.execute(table.insert(), batch)
                count, batch = count + len(batch), []
    if batch:
        connection.execute(table.insert(), batch)
    return count + len(batch)


def _rows(path: Path, whole: frozenset[str]) -> Iterator[dict[str, Any] | Rejected]:
    names = _columns(path)
    csv.field_size_limit(LONGEST_CELL)
    with _opened(path) as handle:
        reader = csv.reader(handle)
        next(reader)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield _rejected(path, reader.line_num, f"it is no CSV: {error}")
                continue
            except EOFError:
                yield _rejected(path, reader.line_num + 1, "the file is cut off here; get it again")
                return
            if cells is None:
                return
            if cells:
                yield _row(path, reader.line_num, names, cells, whole)


def _row(
    path: Path, line: int, names: Sequence[str], cells: Sequence[str], whole: frozenset[str]
) -> dict[str, Any] | Rejected:
    if len(cells) != len(names):
        return _rejected(path, line, f"it has {len(cells)} columns; the header has {len(names)}")
    row: dict[str, Any] = {FILE_COLUMN: path.name[:KEY_LENGTH], LINE_COLUMN: line}
    for name, cell in zip(names, cells, strict=True):
        if not _storable(cell):
            return _rejected(path, line, f"{name} is not UTF-8 text")
        if name in whole and cell and not cell.strip().lstrip("-").isdecimal():
            return _rejected(path, line, f"{name} is not a whole number")
        row[name] = (int(cell) if name in whole else cell) if cell.strip() else None
    return row


def _storable(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= letter <= "\udfff" for letter in cell)


def _rejected(path: Path, line: int, reason: str) -> Rejected:
    return Rejected(position=SourcePosition(file=path.name, line=line), reason=reason)
