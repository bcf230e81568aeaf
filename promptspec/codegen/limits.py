"""The limits across calls of a feature, and what its calls cost, as they stand in its plan."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from promptspec.codegen.code import Code, Writer, code, data, name, name_of_file
from promptspec.contract.feature import Feature
from promptspec.contract.safety import AcrossCalls, RequestCost

#: Spending is counted in billionths of a dollar.
_BILLION = 1_000_000_000


class LimitWriter:
    """Writes the limits across calls of one feature, and nothing where it has none."""

    def __init__(self, writer: Writer, feature: Feature) -> None:
        self._writer = writer
        self._feature = feature

    def write(self) -> None:
        """Write `across=(…)`, `counted_as=…` and, for spending, `costs=…`."""
        feature, writer = self._feature, self._writer
        if not feature.across:
            return
        writer.line(code("across=("))
        writer.indent()
        for limit in feature.across:
            writer.line(code("# $ line $", name_of_file(limit.origin.file), data(limit.origin.line)))
            writer.call(code("ps.Across"), _limit(limit), tail=",")
        writer.dedent()
        writer.line(code("),"))
        # Neither the name of the package nor the amounts: counting goes on where these change.
        writer.line(code("counted_as=$,", data(f"{feature.origin.file} {feature.name}")))
        cost = feature.cost
        if cost is None:
            return
        writer.line(code("costs=ps.Costs("))
        writer.indent()
        writer.line(code("call=$,", data(_billionths(cost.most))))
        for side, costs in (
            ("models", cost.models),
            ("judges", cost.judges),
            ("moderators", cost.moderators),
            ("embedders", cost.embedders),
        ):
            if not costs:
                continue
            writer.line(code("$=(", name(side)))
            writer.indent()
            for each in costs:
                if each.seen is not None:
                    writer.line(code("# prices of $", Code(each.seen.isoformat())))
                writer.call(code("ps.Cost"), _cost(each), tail=",")
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code("),"))


def _limit(limit: AcrossCalls) -> list[Code]:
    most = int(limit.amount) if limit.counts == "calls" else int(limit.amount * _BILLION)
    arguments = [
        code("counts=$", data(limit.counts)),
        code("most=$", data(most)),
        code("seconds=$", data(limit.period_ms // 1_000)),
        code("per=$", data(limit.per)),
    ]
    return [*arguments, code("allows=True")] if limit.allows else arguments


def _cost(cost: RequestCost) -> list[Code]:
    arguments = [
        code("name=$", data(cost.model)),
        code("input=$", data(cost.input)),
        code("output=$", data(cost.output)),
        code("most=$", data(_billionths(cost.most))),
    ]
    if cost.long_after is not None:
        arguments += [
            code("long_after=$", data(cost.long_after)),
            code("long_input=$", data(cost.long_input)),
            code("long_output=$", data(cost.long_output)),
        ]
    return arguments


def _billionths(dollars: Decimal) -> int:
    return int((dollars * _BILLION).to_integral_value(ROUND_CEILING))
