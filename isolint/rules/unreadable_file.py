"""A file that cannot be read or parsed was not checked.

## What it does
Reports, once for each file, that a file could not be decoded, parsed or opened, with the place and the reason:
bytes that are not in the file's encoding, a syntax error, Python 2 code, a missing permission, code that is
nested too deeply. The other files are checked all the same.

## Why is this bad?
Silence about an unread file looks like a clean file.

## Example
```python
print "hello"
```

## Use instead
```python
print("hello")
```

## What it does not mean
Syntax that is newer than the interpreter isolint runs under is read, not refused.
"""

from isolint.rule import Rule, Severity

rule = Rule("ISO000", "unreadable-file", severity=Severity.ERROR, since="0.1")
