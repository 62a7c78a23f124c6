"""Bytes of an untrusted XML document to text, after RFC 7303, and past the mistakes that feeds make."""

import codecs
import re
import sys

from pipeline.encodings import UNSENT

#: Longer marks first: UTF-32's little-endian mark begins with UTF-16's. The last two are ``<?`` without a mark.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_PARAMETER = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
#: Senders name the narrow encoding and use the wide one; the WHATWG Encoding Standard reads them so as well.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
#: Entities that a document defines can grow without bound, and no feed or sitemap needs its own.
_ENTITY_DEFINITION = re.compile(r"<!ENTITY[^>]*>?", re.IGNORECASE)
#: References by number, of which some name what is no character: parsers give up on those.
_NUMBERED = re.compile(r"&#(?:0*(\d{1,7})|x0*([0-9a-f]{1,6})|x?[0-9a-f]+)(?![0-9a-f]);?", re.IGNORECASE)
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: A CDATA section is matched first, so that its ampersands stay; one that never ends has the rest.
_BARE_AMPERSAND = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)", re.IGNORECASE | re.DOTALL
)


def decode_xml(body: bytes, content_type: str | None = None) -> tuple[str, str | None]:
    """Return the text, and one line where it is not in the encoding declared.

    Definitions of entities are taken out, and references to what is no character.

    A byte order mark wins over the charset of the content type, and that over the XML declaration; the default is UTF-8.
    """
    named = _named_encoding(body, content_type)
    text, problem = _decode(body, named), None
    if text is None:
        guess, text = _guess(body)
        problem = f"declared as {named}, but not in it; read as {guess}"
    text = _ENTITY_DEFINITION.sub(" ", text.lstrip("\ufeff"))
    return _NUMBERED.sub(_keep_character, text), problem


def _keep_character(reference: re.Match[str]) -> str:
    """Return the reference where it names a character that XML knows, else the character for what is none."""
    decimal, hexadecimal = reference.groups()
    code = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else sys.maxunicode + 1
    return "\ufffd" if code > sys.maxunicode or _NO_CHARACTER.match(chr(code)) else reference[0]


def escape_ampersands(text: str) -> str:
    """Return the document with each ampersand escaped that begins no entity of XML's own: the commonest mistake of all."""
    return _BARE_AMPERSAND.sub(lambda match: match[1] or "&amp;", text)


def _named_encoding(body: bytes, content_type: str | None) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return encoding
    parameter = _PARAMETER.search(content_type or "")
    if parameter:
        return parameter[1]
    declaration = _DECLARATION.match(body)
    encoding = declaration[1].decode("ascii") if declaration else "utf-8"
    # A declaration that can be read byte by byte is not in UTF-16, whatever it says: programs that write to a string say so.
    return "utf-8" if encoding.lower().startswith(("utf-16", "utf-32", "ucs")) else encoding


def _decode(body: bytes, encoding: str) -> str | None:
    try:
        name = codecs.lookup(encoding).name
        return None if name in UNSENT else body.decode(_MEANT.get(name, name))
    except (LookupError, UnicodeError):
        return None


def _guess(body: bytes) -> tuple[str, str]:
    """Take UTF-8 with a few broken characters for UTF-8, such as a text cut in the middle of one; else Windows-1252."""
    text = body.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    foreign = sum(character > "\x7f" for character in text)
    if broken * 2 <= foreign - broken:
        return "utf-8", text
    return "windows-1252", body.decode("cp1252", errors="replace")
