"""`atalaia.wrap`: an estimator that is still one, and one record per row."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

import atalaia

X, y = make_classification(200, 4, random_state=0)
FRAME = pd.DataFrame(X, columns=["age", "income", "months", "orders"])


def test_rows_of_a_frame_are_recorded_by_name(sent):
    model = atalaia.wrap(LogisticRegression().fit(FRAME, y), "churn", version="v1")
    said = model.predict_proba(FRAME.iloc[:3])
    labels = model.predict(FRAME.iloc[[0]])
    assert np.allclose(said.sum(axis=1), 1)
    *scored, labelled = sent("predictions")
    assert [item["score"] for item in scored] == said[:, 1].tolist()
    assert scored[0]["features"] == FRAME.iloc[0].to_dict()
    assert (scored[0]["model"], scored[0]["version"], scored[0]["batch_rows"]) == ("churn", "v1", 3)
    assert labelled["prediction"] == labels[0]
    assert labelled["latency_ms"] > 0
    assert len({item["id"] for item in scored}) == 3


def test_arrays_lists_sparse_rows_and_texts(sent):
    plain = LogisticRegression().fit(X, y)
    named = LogisticRegression().fit(FRAME, y)
    atalaia.wrap(plain, "a").predict(X[:1])
    atalaia.wrap(plain, "b").predict(X[:1].tolist())
    atalaia.wrap(plain, "c").predict(sparse.csr_matrix(X[:1]))
    with pytest.warns(UserWarning, match="feature names"):
        atalaia.wrap(named, "d").predict(X[:1])
    words = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good day", "bad day"], [1, 0])
    atalaia.wrap(words, "e").predict(["good"])
    found = {item["model"]: item["features"] for item in sent("predictions")}
    values = X[0].tolist()
    assert found["a"] == found["b"] == found["c"] == dict(zip(["x0", "x1", "x2", "x3"], values))
    assert found["d"] == dict(zip(FRAME.columns, values))
    assert found["e"] == {"text": "good"}


def test_several_classes_regressions_and_ids(sent):
    three = atalaia.wrap(LogisticRegression().fit(X, np.arange(200) % 3), "three")
    three.predict_proba(X[:1])
    numbers = atalaia.wrap(LinearRegression().fit(FRAME, y * 1.5), "numbers", id="orders")
    numbers.predict(FRAME.iloc[:2])
    first, *others = sent("predictions")
    assert set(first["scores"]) == {"0", "1", "2"}
    assert all(isinstance(item["prediction"], float) for item in others)
    assert [item["id"] for item in others] == [str(value) for value in FRAME["orders"][:2]]


def test_large_calls_are_sampled_with_the_share_that_rows_stand_for(sent):
    model = atalaia.wrap(LogisticRegression().fit(X, y), max_rows=20)
    model.predict(np.repeat(X, 5, axis=0))
    items = sent("predictions")
    assert len(items) == 20
    assert {(item["sample_rate"], item["batch_rows"], item["model"]) for item in items} == {
        (0.02, 1_000, "LogisticRegression")
    }


def test_it_is_still_the_estimator_it_was(sent):
    plain = LogisticRegression(C=0.5)
    model = atalaia.wrap(plain, "m")
    assert isinstance(model, LogisticRegression)
    assert is_classifier(model)
    assert (repr(model), model.get_params()) == (repr(plain), plain.get_params())
    assert model.fit(FRAME, y) is model
    check_is_fitted(model)
    assert not hasattr(plain, "coef_")
    assert model.score(FRAME, y) > 0.7
    assert "_atalaia" not in vars(clone(model))
    assert type(clone(model)) is LogisticRegression
    restored = pickle.loads(pickle.dumps(model))
    assert type(restored) is LogisticRegression
    assert np.array_equal(restored.predict(FRAME), model.predict(FRAME))
    assert type(copy.deepcopy(model)) is LogisticRegression
    assert "_atalaia" in vars(copy.copy(model))


def test_training_is_not_taken_for_service(sent):
    model = atalaia.wrap(LogisticRegression(), "m")
    cross_val_score(model, X, y, cv=3)
    GridSearchCV(model, {"C": [0.1, 1]}, cv=2).fit(X, y)
    assert sent("predictions") == []


def test_pipelines_around_it_and_pipelines_in_it(sent):
    around = make_pipeline(StandardScaler(), atalaia.wrap(LogisticRegression(), "inner"))
    around.fit(X, y).predict(X[:2])
    inside = atalaia.wrap(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), "outer")
    inside.predict(X[:3])
    assert inside[-1].coef_.shape == (1, 4)
    assert [item["model"] for item in sent("predictions")] == ["inner"] * 2 + ["outer"] * 3


def test_a_call_that_calls_itself_is_one(sent):
    model = atalaia.wrap(CalibratedClassifierCV(LogisticRegression(), cv=2).fit(X, y), "m")
    model.predict(X[:1])
    assert len(sent("predictions")) == 1


def test_what_an_estimator_cannot_do_it_still_cannot():
    assert not hasattr(atalaia.wrap(LinearRegression(), "m"), "predict_proba")
    assert not hasattr(atalaia.wrap(SVC(), "m"), "predict_proba") or hasattr(SVC(), "predict_proba")
    searched = GridSearchCV(LinearRegression(), {"fit_intercept": [True]})
    assert hasattr(atalaia.wrap(searched, "m"), "predict_proba") == hasattr(searched, "predict_proba")


def test_errors_are_recorded_and_go_on(sent):
    model = atalaia.wrap(LogisticRegression().fit(X, y), "m")
    with pytest.raises(ValueError, match="features"):
        model.predict(X[:, :2])
    (item,) = sent("predictions")
    assert (item["status"], item["error_type"]) == ("error", "ValueError")


class Slotted:
    __slots__ = ()

    def predict(self, rows):
        return rows


class Odd:
    def predict(self, rows):
        return 7


def test_what_cannot_be_observed_works_as_before(sent, caplog):
    slotted = Slotted()
    assert atalaia.wrap(slotted, "m") is slotted
    assert atalaia.wrap(Odd(), "odd").predict([1]) == 7
    assert sent("predictions") == []
    assert "could not be recorded" in caplog.text
