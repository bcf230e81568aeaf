"""Types and rules in words, nearly as a spec writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from promptspec.contract import types as t
from promptspec.contract.moderation import Moderation, PythonModerator, ServerModerator, WordModerator


def type_words(type: t.Type) -> str:
    """Return *type* as a spec writes it; patterns, hosts and conditions are only named."""
    match type:
        case t.Text():
            return _text(type)
        case t.Words(words=words):
            return " | ".join(f'"{word}"' for word in words)
        case t.Choice(name=name) | t.Group(name=name):
            return name
        case t.OneOfSource(source=name, where=where):
            return f"one of {name}{' where …' if where is not None else ''}"
        case t.OneOfItems(field=name, where=where):
            return f"one of {name}{' where …' if where is not None else ''}"
        case t.OneOfShortlist(shortlist=name):
            return f"one of {name}"
        case t.Integer(least=least, most=most):
            return f"int({least:_}..{most:_})"
        case t.Number(least=least, most=most, places=places):
            return f"decimal({amount(least)}..{amount(most)}, {places})"
        case t.Boolean():
            return "bool"
        case t.Date(least=None, most=None):
            return "date"
        case t.Date(least=least, most=most):
            return f"date({_day(least)}..{_day(most)})"
        case t.DateTime():
            return "datetime"
        case t.Email():
            return "email"
        case t.Url(hosts=hosts):
            named = ", ".join(f'"{host}"' for host in hosts)
            return f"url(hosts {named})" if hosts else "url"
        case t.ListOf(item=item, least=least, most=most, unique=unique):
            return f"{'set' if unique else 'list'}({_range(least, most)}) of {type_words(item)}"
        case t.Turns(item=item, least=least, most=most):
            return f"turns({_range(least, most)}) of {type_words(item)}"
        case t.JsonSchema(path=path):
            return f'schema("{path}")'
        case t.Image(most=most):
            return f"image(..{most // 1_048_576}mb)" if most % 1_048_576 == 0 else f"image(..{most // 1_024}kb)"


def field_words(field: t.Field) -> str:
    """Return the type of *field*, with a `?` where it is optional."""
    return type_words(field.type) + ("?" if field.optional else "")


def amount(number: Decimal) -> str:
    """Return *number* without zeros at its end."""
    return f"{number.normalize():f}"


def duration(milliseconds: int) -> str:
    """Return a duration as a spec writes it."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def dollars(number: Decimal | None) -> str:
    """Return an amount of US dollars to six places, rounded up; one that is not known is told as that."""
    if number is None:
        return "price unknown"
    if number == 0:
        return "0 usd"
    micro = Decimal("0.000001")
    rounded = number.quantize(micro, rounding="ROUND_CEILING")
    return f"{amount(rounded)} usd"


def moderator_words(moderation: Moderation) -> str:
    """Return who looks."""
    match moderation.by:
        case ServerModerator(model=model, blocks=blocks, above=above):
            rules = ", ".join([*blocks, *(f"{name} above {amount(score)}" for name, score in above)])
            return f"{model.name} ({model.server}): {rules or 'whatever it flags'}"
        case WordModerator(path=path, phrases=phrases):
            return f"{len(phrases):,} phrases of {path}"
        case PythonModerator(module=module, function=function):
            return f"the function {module}:{function}"


def _text(type: t.Text) -> str:
    unit = "" if type.cap.unit == "chars" else f" {type.cap.unit}"
    inner = [_range(type.cap.least, type.cap.most) + unit]
    if type.pattern is not None:
        inner.append(f"matching /{type.pattern.source}/{'i' if type.pattern.ignore_case else ''}")
    if type.code:
        inner.append(type.code)
    if type.markdown:
        inner.append("markdown")
    inner += [f'links "{host}"' + (" query" if host in type.queries else "") for host in type.links]
    return f"{'code' if type.code else type.kind}({', '.join(inner)})"


def _range(least: int, most: int) -> str:
    return f"..{most:_}" if least == 0 else f"{least:_}..{most:_}"


def _day(bound: date | str | None) -> str:
    return "" if bound is None else bound if isinstance(bound, str) else bound.isoformat()
