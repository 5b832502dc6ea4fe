"""Reading files: bytes, encodings, lines, comments, columns, trees of any grammar and any depth."""

from __future__ import annotations

import ast
import io
import os
import sys
import sysconfig
import tokenize
from dataclasses import astuple
from pathlib import Path

import libcst as cst
import pytest

from isolint.finding import Span
from isolint.source import (
    Position,
    Source,
    UnreadableError,
    columns,
    comments,
    concrete,
    excerpt,
    from_bytes,
    from_text,
    parse,
    read,
    run_deep,
)

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def source(text: str) -> Source:
    return from_text(text, "tests/test_shop.py")


def complaint(data: bytes | str) -> tuple[int, str]:
    """The line and the message of the error that reading and parsing the data raises."""
    with pytest.raises(UnreadableError) as caught:
        parse(from_bytes(data if isinstance(data, bytes) else data.encode(), "tests/test_shop.py"))
    assert caught.value.message == str(caught.value)
    return caught.value.line, caught.value.message


# -- from bytes to text


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"x = 1\n", "x = 1\n", "utf-8"),
        ("é = 1\n".encode(), "é = 1\n", "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8-sig"),
        (b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n", "utf-8-sig"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n", "iso-8859-1"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n'\x80'", None, "cp1252"),
        (b"x = 1\r\ny = '\xc3\xa9'\rz", "x = 1\r\ny = 'é'\rz", "utf-8"),
        (b"", "", "utf-8"),
    ],
)
def test_text_and_encoding(data: bytes, text: str | None, encoding: str) -> None:
    read = from_bytes(data, "tests/test_shop.py")
    assert read.encoding == encoding
    assert read.text.encode(encoding) == data
    assert text is None or read.text == text


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"x = 1\r\ny = '\xe9'\n", 2, "byte 0xe9 is not utf-8"),
        (b"\xef\xbb\xbfx = 1\n\n'\xff'\n", 3, "byte 0xff is not utf-8-sig"),
        (b"# coding: ascii\ry = '\xc3\xa9'\n", 2, "byte 0xc3 is not ascii"),
        (b"\xff\xfex\0", 1, "byte 0xff is not utf-8"),
        (b"# coding: klingon\n", 1, "unknown encoding: klingon"),
        (b"# coding: hex\n6161\n", 1, "unknown encoding: hex"),
        (b"# coding: undefined\n", 1, "the file is not undefined"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "encoding problem: utf-8"),
        (b"x = 1\ny = '\0'\n", 2, "the file holds a NUL byte"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, line: int, message: str) -> None:
    assert complaint(data) == (line, message)


def test_undecoded_bytes_from_standard_input() -> None:
    with pytest.raises(UnreadableError, match="bytes that are no text") as caught:
        from_text("x = 1\ny = '\udce9'\n", "-")
    assert caught.value.line == 2


def test_byte_order_mark_in_text() -> None:
    assert source("\ufeffx = 1\n") == Source("tests/test_shop.py", "x = 1\n", "utf-8-sig")


# -- files


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(path, path.name)
    assert caught.value.line == 1
    return str(caught.value)


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "test_shop.py"
    path.write_bytes(b"# coding: latin-1\r\n'\xe9'\r\n")
    shop = read(path, "tests/test_shop.py")
    assert (shop.path, shop.text) == ("tests/test_shop.py", "# coding: latin-1\r\n'é'\r\n")


def test_what_is_no_file(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.py", tmp_path / "loop.py"
    os.mkfifo(pipe)
    loop.symlink_to("loop.py")
    assert refusal(tmp_path) == "the file is a directory"
    assert refusal(pipe) == "the file is not a regular one"
    assert "symbolic links" in refusal(loop)
    assert refusal(tmp_path / "missing.py") == "no such file or directory"


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "test_shop.py"
    path.touch(mode=0)
    if os.access(path, os.R_OK):  # root may read everything
        monkeypatch.setattr(Path, "read_bytes", _denied)
    assert refusal(path) == "permission denied"


def _denied(path: Path) -> bytes:
    raise PermissionError(13, "Permission denied", str(path))


def test_file_of_more_than_100_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "test_shop.py"
    path.touch()
    os.truncate(path, 100_000_001)
    assert refusal(path) == "the file is larger than 100 MB"


# -- lines and columns


def test_lines_are_those_of_ast() -> None:
    text = "a = '''\x0c\x0b\x1c\x85\u2028'''\r\nb = 1\rc = 2\n\nd = 3"
    lines = source(text).lines
    assert lines == ("a = '''\x0c\x0b\x1c\x85\u2028'''\r\n", "b = 1\r", "c = 2\n", "\n", "d = 3")
    assert [lines[node.lineno - 1][0] for node in ast.parse(text).body] == ["a", "b", "c", "d"]
    assert source("").lines == ()


@pytest.mark.parametrize("text", ["x = 'é€😀' + y\n", "x = 'ascii' + y\n", "x = (\n 'é', '''ü\n€''', y)\n"])
def test_columns_count_characters(text: str) -> None:
    shop = source(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Name, ast.Constant)):
            position = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            line, column, end_line, end_column = astuple(columns(shop, position))
            lines = text.splitlines(keepends=True)[line - 1 : end_line]
            lines[-1] = lines[-1][: end_column - 1]
            assert "".join(lines)[column - 1 :] == ast.get_source_segment(text, node)


# -- comments


def found(text: str) -> list[tuple[int, int, str]]:
    return list(comments(source(text)))


def test_comments_have_places() -> None:
    text = "# one\nx = 1  # two\r\n\té = '#'  # three é\r#\n'''\n# no\n'''  # four"
    assert found(text) == [
        (1, 1, "# one"),
        (2, 8, "# two"),
        (3, 11, "# three é"),
        (4, 1, "#"),
        (7, 6, "# four"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'x = \'#\' + "#" + \'\'\'#\n#\'\'\' + """#"#\\"""#"""',
        r"x = '\'#' + r'\'#' + '\\' + b'\\\'#'",
        "x = 'a\\\n#' + 'b\\\r\n#'",
        "x = f'#' + f'{x}#' + f'{{#' + f'{x:#x}' + f'{x!r:#>{y}#}' + f'{x:{y:#}}#' + F'''{x:#\n}#'''",
        "x = f'{a['#']}#{f'{b['#']:#}#'}' + t'{x}#' + rT'\\{x:#}#'",
        r"x = f'\{a:#}#' + f'\N{NUMBER SIGN}#' + rf'\N{x:#}#' + f'\'#' + rf'\'{x}#'",
        "x = f'{ {1: '#'}[1]:#}' + f'{(lambda: '#')()}' + f'{x[1:2]:#}' + f'{x!=1:#}'",
        "if'#':pass\nelif'#{':pass\nx = 1if'#{'else'#'",
        "x = ''",
    ],
)
def test_no_comments_in_strings(text: str) -> None:
    assert found(text) == []
    last = len(source(text).lines)
    assert found(text + "  # here") == [(last, len(source(text).lines[-1]) + 3, "# here")]


def test_comments_in_f_strings_of_3_12() -> None:
    assert found("f'{\n x  # one } '\n + y:#}#{z # two\n}'  # three\n") == [
        (2, 5, "# one } '"),
        (3, 12, "# two"),
        (4, 5, "# three"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x = 'abc",
        'x = f"abc{y',
        "x = f'{y:abc",
        "x = f'{y:'",
        "x = (]}",
        "print 'x'",
        "x = f'}{'",
        "x = f')'",
    ],
)
def test_comments_in_broken_files(text: str) -> None:
    assert (2, 1, "# here") in found(f"{text}\n# here\n") or text.count("{") > text.count("}")


def test_unclosed_string_swallows_the_rest() -> None:
    assert found("# one\n'''\n# two\n") == [(1, 1, "# one")]


def test_comments_are_those_of_tokenize() -> None:
    for path in sorted((STANDARD_LIBRARY / "asyncio").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        expected = [(*token.start, token.string) for token in tokens if token.type == tokenize.COMMENT]
        assert [(line, column - 1, comment) for line, column, comment in found(text)] == expected


# -- trees


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("type X = int\n", ast.Assign),
        ("def f[T](x: T) -> T: ...\n", ast.FunctionDef),
        ("f'{a['b']}'\n", ast.Expr),
        ("try: a\nexcept B, C: d\n", ast.Try),
    ],
)
def test_newer_grammar_than_the_interpreters(text: str, kind: type[ast.stmt]) -> None:
    (statement,) = parse(source(f"\n\n{text}")).body
    assert isinstance(statement, kind) or sys.version_info >= (3, 12)
    assert statement.lineno == 3


def test_cookie_and_line_ends_do_not_matter_to_the_parser() -> None:
    shop = from_bytes(b"# coding: latin-1\r\nx = '''\xe9\r\n'''\r\n", "shop.py")
    assert ast.dump(parse(shop)) == ast.dump(ast.parse("x = '''é\n'''\n"))


def test_warnings_are_kept_quiet(recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]) -> None:
    parse(source("x = '\\d' is 1\nassert (x, 'y')\n0if x else 1\n"))
    assert (list(recwarn), capfd.readouterr()) == ([], ("", ""))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ny = (1,\n", 2, "'(' was never closed"),
        ("def test():\nreturn 1\n", 2, "expected an indented block after function definition on line 1"),
        ("x = 'abc\n", 1, "unterminated string literal (detected at line 1)"),
        ("x = 1\n<<<<<<< HEAD\ny = 1\n", 2, "invalid syntax"),
        ("x = {{% name %}}\n", 1, "invalid syntax"),
    ],
)
def test_syntax_errors(text: str, line: int, message: str) -> None:
    assert complaint(text) == (line, message)


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("print 'hello'", "print statement"),
        ("if x: print x, y", "print statement"),
        ("x = 1; print '%s' % (x)", "print statement"),
        ("exec 'x = 1'", "exec statement"),
        ("exec code in names", "exec statement"),
        ("try: pass\nexcept ValueError, error: pass", "`except E, e`"),
        ("try: pass\nexcept (ValueError, os.error), error: pass", "`except E, e`"),
        ("raise ValueError, 'wrong'", "`raise E, message`"),
        ("x = `y`", "backticks"),
        ("x <> y", "`<>`"),
        ("os.chmod(x, 0777)", "octal number"),
        ("x = 10L", "long number"),
        ("x = ur'y'", "`ur` string"),
        ("def f(a, (b, c)): pass", "parameters in parentheses"),
        ("sorted(x, key=lambda (a, b): a)", "parameters in parentheses"),
    ],
)
def test_python_2(code: str, sign: str) -> None:
    if sign == "`except E, e`" and "(" not in code and sys.version_info >= (3, 14):
        pytest.skip("this is Python 3 again")
    assert complaint(f"import os\n{code}\n") == (2 + code.count("\n"), f"the file is Python 2 ({sign})")


@pytest.mark.skipif(
    (3, 12, 0) <= sys.version_info < (3, 12, 2), reason="`ast` itself is limited to 1,500 levels"
)
@pytest.mark.parametrize(
    "text",
    [
        "x = " + "1 + " * 3_000 + "1",
        "x = y" + ".z" * 3_000,
        "if x: pass\n" + "elif y: pass\n" * 3_000,
        "x = " + "1 if y else " * 1_500 + "1",
    ],
    ids=["sum", "attributes", "branches", "conditions"],
)
def test_deep_trees(text: str) -> None:
    tree = parse(source(f"{text}\n"))
    before = sys.getrecursionlimit()
    assert len(run_deep(lambda: ast.dump(tree))) > len(text)
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ny = " + "(" * 100_000 + ")" * 100_000, 2),
        ("x = " + "[" * 5_000 + "]" * 5_000, 1),
        ("x = " + "not " * 100_000 + "y", 1),
        ("x = " + "-" * 100_000 + "1", 1),
        ("x = " + "lambda: " * 20_000 + "1", 1),
        ("".join(f"{' ' * depth}if x:\n" for depth in range(150)) + " " * 150 + "y", 101),
    ],
    ids=["parentheses", "lists", "negations", "minus signs", "lambdas", "blocks"],
)
def test_too_deep_trees(text: str, line: int) -> None:
    assert complaint(f"{text}\n") == (line, "the code is nested too deeply")


def test_a_long_chain_is_not_given_to_libcst() -> None:
    assert complaint("lazy import a\nx = " + "-" * 100_000 + "1\n") == (1, "invalid syntax")


def test_what_run_deep_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        run_deep(lambda: 1 / 0)


# -- concrete syntax

SHOP = '''\
import os; import sys  # both

@decorator
@pytest.fixture(
    scope="session",
)
async def shop(tmp_path):
    """Text
that must not move."""
    query = """
select *
  from é""" + name  # of the table
    if query: run(query); stop()
    elif name:
        run(
            name,
        )
    else: drop(name)
    try:
        first()
    except ValueError as error:
        second(error)
  # a comment
    finally:
        third()

class Shop:
\tdef close(self):
\t\treturn self'''


def place(needle: str, text: str = SHOP) -> Position:
    """The `ast` position of some text on a line of its own kind."""
    before = text[: text.index(needle)]
    line = before.count("\n") + 1
    start = len(before.rpartition("\n")[2].encode())
    return (line, start, line, start + len(needle.encode()))


@pytest.mark.parametrize(
    ("needle", "first", "last"),
    [
        ("sys", 1, 1),
        ("async def", 3, 25),
        ("scope", 3, 25),
        ("tmp_path", 3, 25),
        ("that must", 8, 9),
        ("name  # of", 10, 12),
        ("stop()", 13, 18),
        ("elif name", 13, 18),
        ("name,", 15, 17),
        ("drop(name)", 13, 18),
        ("try:", 19, 25),
        ("error:", 19, 25),
        ("second", 22, 22),
        ("third", 25, 25),
        ("class", 27, 29),
        ("def close", 28, 29),
        ("return", 29, 29),
    ],
)
def test_statement_around_a_position(needle: str, first: int, last: int) -> None:
    lines = SHOP.splitlines(keepends=True)
    found = excerpt(source(SHOP), place(needle))
    assert (found.span.line, found.code(found.module)) == (first, "".join(lines[first - 1 : last]))
    assert found.span == Span(first, 1, *((last + 1, 1) if last < 29 else (29, len(lines[-1]) + 1)))


def test_statement_as_a_node() -> None:
    function = concrete(source(SHOP), place("async def"))
    assert isinstance(function, cst.FunctionDef)
    assert (function.name.value, len(function.decorators), function.asynchronous is None) == (
        "shop",
        2,
        False,
    )
    assert function.get_docstring() == "Text\nthat must not move."
    row = concrete(source(SHOP), place("sys"))
    assert isinstance(row, cst.SimpleStatementLine)
    assert len(row.body) == 2


class Rename(cst.CSTTransformer):
    """Renames `run` to `execute`."""

    def leave_Name(  # noqa: N802
        self, original_node: cst.Name, updated_node: cst.Name
    ) -> cst.Name:
        return updated_node.with_changes(value="execute") if original_node.value == "run" else updated_node


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("needle", ["elif name", "async def"])
def test_edited_excerpt_keeps_all_else(needle: str, newline: str) -> None:
    text = SHOP.replace("\n", newline)
    found = excerpt(source(text), place(needle))
    edited = found.code(found.module.visit(Rename()))
    assert edited == found.code(found.module).replace("run(", "execute(")
    lines = list(source(text).lines)
    lines[found.span.line - 1 : found.span.end_line - 1] = [edited]
    assert "".join(lines) == text.replace("run(", "execute(")


@pytest.mark.parametrize("text", ["if x:\n    y\n\x0c    z\n", "if x:\r    y\r"])
def test_what_libcst_would_change_is_not_to_be_edited(text: str) -> None:
    with pytest.raises(UnreadableError, match="libcst does not keep"):
        excerpt(source(text), (1, 0, 1, 1))
    assert isinstance(concrete(source(text), (1, 0, 1, 1)), cst.If)


def test_newer_grammar_as_concrete_syntax() -> None:
    found = concrete(source("class A:\n    type X[T] = int\n"), (2, 9, 2, 10))
    assert isinstance(found, cst.SimpleStatementLine)
    assert isinstance(found.body[0], cst.TypeAlias)


def test_position_outside_of_statements() -> None:
    with pytest.raises(LookupError, match=r"no statement at line 2 of tests/test_shop.py"):
        concrete(source("x = 1\n# comment\n"), (2, 0, 2, 1))


def test_too_long_a_statement_for_libcst() -> None:
    with pytest.raises(UnreadableError, match="nested too deeply") as caught:
        concrete(source("\nx = " + "y and " * 3_000 + "z\n"), (2, 0, 2, 1))
    assert caught.value.line == 2


@pytest.mark.parametrize("code", ['x = t"{a}" t"{b}"\n', 'x = "a" t"{b}"\n', 'x = tr"{a}\\d"\n'])
def test_template_strings_that_libcst_does_not_read_are_parsed(code: str) -> None:
    (statement,) = parse(from_text(code, "test_x.py")).body
    assert isinstance(statement, ast.Assign)
    assert len(list(ast.walk(statement.value))) > 2
