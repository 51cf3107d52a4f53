"""An integer programme, and HiGHS, which solves it: one thread, one seed, a limit of nodes and none of
time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

INFINITY = float("inf")


class Unsolved(Exception):
    """Neither a solution nor a proof that there is none within the limit of nodes."""


@dataclass(frozen=True, slots=True)
class Solution:
    """`bound` is what no solution can exceed; `nodes` were looked at."""

    values: Sequence[float]
    objective: float
    bound: float
    nodes: int

    def chosen(self, column: int) -> bool:
        return self.values[column] > 0.5

    def whole(self, column: int) -> int:
        return round(self.values[column])


@dataclass(slots=True)
class Work:
    """How much a search has done, in programmes solved and nodes looked at, and how much it may do.

    Nothing but the problem decides when it ends: the same problem ends in the same way on any machine.
    """

    most_programmes: int
    most_nodes: int
    programmes: int = 0
    nodes: int = 0

    def spend(self, nodes: int) -> None:
        """Raises `Unsolved` once more was done than may be."""
        self.programmes += 1
        self.nodes += nodes
        if self.programmes > self.most_programmes or self.nodes > self.most_nodes:
            raise Unsolved(f"{self.programmes} programmes and {self.nodes} nodes were not enough")


@dataclass(slots=True)
class Programme:
    """Columns are whole numbers unless said otherwise; the objective is maximised."""

    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    work: Work | None = None
    indices: list[int] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)

    def column(self, cost: float, lower: float, upper: float, *, whole: bool = True) -> int:
        self.costs.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, terms: Mapping[int, float], lower: float, upper: float) -> None:
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        for index, factor in terms.items():
            if factor:
                self.indices.append(index)
                self.factors.append(factor)
        self.starts.append(len(self.indices))

    def solve(self, *, gap: float, nodes: int, guessing: bool = True) -> Solution | None:
        """The best solution, or one within the relative gap; None where there is none. Raises `Unsolved`.

        Without `guessing` no time goes into heuristics: right where the relaxation is nearly whole by itself.
        """
        if not self.costs:
            feasible = all(
                lower <= 0 <= upper for lower, upper in zip(self.row_lower, self.row_upper, strict=True)
            )
            return Solution([], 0.0, 0.0, 0) if feasible else None
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, setting in _options(gap, nodes, guessing=guessing).items():
            if highs.setOptionValue(option, setting) != highspy.HighsStatus.kOk:
                raise LookupError(option)
        highs.passModel(self._model())
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        if self.work is not None:
            self.work.spend(max(0, int(info.mip_node_count)))
        known = highspy.HighsModelStatus
        if status == known.kInfeasible:
            return None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise Unsolved(str(status))
        bound = info.mip_dual_bound if any(self.whole) else info.objective_function_value
        return Solution(
            list(highs.getSolution().col_value),
            info.objective_function_value,
            bound,
            max(0, int(info.mip_node_count)),
        )

    def _model(self) -> Any:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.costs), len(self.row_lower)
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.array(self.costs, dtype=np.double)
        model.col_lower_ = np.array(self.lower, dtype=np.double)
        model.col_upper_ = np.array(self.upper, dtype=np.double)
        model.row_lower_ = np.array(self.row_lower, dtype=np.double)
        model.row_upper_ = np.array(self.row_upper, dtype=np.double)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self.starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(self.indices, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self.factors, dtype=np.double)
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.whole]
        return model


def _options(gap: float, nodes: int, *, guessing: bool) -> Mapping[str, object]:
    options: dict[str, object] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "mip_rel_gap": gap,
        "mip_abs_gap": 0.5,
        "mip_max_nodes": nodes,
        "mip_feasibility_tolerance": 1e-6,
    }
    if not guessing:
        options |= {
            "presolve": "off",
            "mip_heuristic_effort": 0.0,
            "mip_heuristic_run_rens": False,
            "mip_heuristic_run_rins": False,
            "mip_heuristic_run_feasibility_jump": False,
            "mip_heuristic_run_root_reduced_cost": False,
        }
    return options
