# ruff: noqa: PLC0415, T201 - the tools are imported where they are asked, after what they only need for drawing is put aside
"""Make the golden values: run once, in an environment of its own (never a dependency of the panel).

    python -m venv ev && ev/bin/pip install evidently==0.7.23 pandas==2.3.3
    pip download --no-deps nannyml==0.13.1 && unzip nannyml-0.13.1-py3-none-any.whl -d nm
    NANNYML=nm/nannyml ev/bin/python tests/oracles/make.py

NannyML's own methods are run from its wheel; what they only need for drawing is left out.
"""

import importlib.abc
import importlib.util
import json
import os
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from rows import SIZES, both  # noqa: E402

TEXTS = {"two", "five"}


def frame(columns: dict) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(values, dtype="object" if name in TEXTS else "float64") for name, values in columns.items()}
    )


def evidently() -> dict:
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.calculations.stattests.registry import StatTestInvalidFeatureTypeError
    from evidently.legacy.core import ColumnType

    names = {"psi", "jensenshannon", "kl_div", "hellinger", "ks", "chisquare", "z", "wasserstein"}
    found: dict = {}
    for size in SIZES:
        before, after = map(frame, both(size))
        for column in before:
            kind = ColumnType.Categorical if column in TEXTS else ColumnType.Numerical
            one = found.setdefault(size, {}).setdefault(column, {})
            for asked in [None, *sorted(names)]:
                reference, current = before[column].dropna(), after[column].dropna()
                if asked == "z" and pd.concat([reference, current]).nunique() > 2:
                    continue
                try:
                    test = get_stattest(reference, current, kind, asked)
                except StatTestInvalidFeatureTypeError:
                    continue
                result = test(reference.copy(), current.copy(), kind, None)
                told = [float(result.drift_score), bool(result.drifted), float(result.actual_threshold)]
                one["default" if asked is None else asked] = [test.name, *told] if asked is None else told
    return found


class Swallow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Packages that only drawing needs."""

    names = ("matplotlib", "plotly", "nannyml.plots", "nannyml.usage_logging", "lightgbm", "sklearn", "flaml")

    def find_spec(self, name, path=None, target=None):
        if name.startswith(self.names):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


def nannyml() -> dict:
    base = Path(os.environ["NANNYML"])
    sys.meta_path.insert(0, Swallow())
    for name in ("nannyml", "nannyml.drift", "nannyml.drift.univariate"):
        package = types.ModuleType(name)
        package.__path__ = [str(base.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    from nannyml.chunk import DefaultChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import StandardDeviationThreshold

    found: dict = {}
    for size in SIZES:
        before, after = map(frame, both(size))
        for column in before:
            kind = FeatureType.CATEGORICAL if column in TEXTS else FeatureType.CONTINUOUS
            for key, kinds in MethodFactory.registry.items():
                if kind not in kinds:
                    continue
                more = {} if kind == FeatureType.CATEGORICAL else {"computation_params": {}}
                method = MethodFactory.create(
                    key=key,
                    feature_type=kind,
                    chunker=DefaultChunker(),
                    threshold=StandardDeviationThreshold(std_lower_multiplier=None),
                    **more,
                )
                method.fit(before[column])
                value = method.calculate(after[column])
                threshold = method.upper_threshold_value
                told = [float(value), bool(method.alert(value)), None if threshold is None else float(threshold)]
                found.setdefault(size, {}).setdefault(column, {})[key] = told
    return found


for tool in (evidently, nannyml):
    (HERE / f"{tool.__name__}.json").write_text(json.dumps(tool(), indent=1, sort_keys=True) + "\n")
    print(tool.__name__, np.__version__, pd.__version__)
