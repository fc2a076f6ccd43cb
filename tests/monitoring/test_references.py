"""Predictions of a version with a reference are folded by it: once, by whichever drain, and as a recount does."""

import tracemalloc
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.drift.references import freeze, sample_of_window, set_reference
from monitoring.measures.series import measure_series, read_series, subjects_of
from monitoring.models import Bucket, Prediction, Reference, Series
from monitoring.models.summaries import Tier
from monitoring.selectors.drift import all_reports_of, reports_of
from monitoring.selectors.plans import read_plans
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats.profile import MISTYPED, NULL, ProfileError, profile_of_columns
from monitoring.stats.profile_data import from_json, profile_of_histograms, to_json
from monitoring.stats.sample import sample_of
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros
from tests.monitoring.references import applicants, predictions, reference

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def report(model: Model, start: datetime, end: datetime):
    [found] = reports_of(read_tally(Scope(model.project_id, model.pk), {"features"}, start=start, end=end))
    return found


def histograms() -> dict[tuple[str, int, int], int]:
    rows = Bucket.objects.filter(series__metric="features").values_list("series__layout", "tier", "start", "n")
    return {(layout, tier, start): n for layout, tier, start, n in rows}


def test_features_are_folded_into_one_row_per_version_and_hour(credit_risk: Model, put: Put, now: datetime):
    known = reference(credit_risk, now)
    items = predictions(applicants(400, seed=2))
    for number, item in enumerate(items):
        item["ts"] = micros(now + timedelta(seconds=18 * number))
    put("prediction", *items)
    drain_until_empty(now=now)
    start = int(now.timestamp())
    assert histograms() == {(known.layout, Tier.HOUR, start): 200, (known.layout, Tier.HOUR, start + 3_600): 200}
    found = report(credit_risk, now, now + 2 * HOUR)
    assert (found.rows, found.state, found.drifted, found.broken) == (400, "judged", [], [])
    assert {one.feature.name: one.n for one in found.features} == {"income": 400, "region": 400}


def test_versions_without_a_reference_have_no_such_series(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(10)))
    drain_until_empty(now=now)
    assert not Series.objects.filter(metric="features").exists()


def test_duplicates_and_labels_change_nothing(credit_risk: Model, put: Put, now: datetime):
    reference(credit_risk, now)
    items = predictions(applicants(50), prediction="paid")
    put("prediction", *items)
    put("prediction", *items[:20])
    put("outcome", *({"id": f"o{n}", "prediction_id": f"p{n}", "label": "default"} for n in range(30)))
    drain_until_empty(now=now)
    put("prediction", *items[20:])
    drain_until_empty(now=now)
    assert report(credit_risk, now, now + HOUR).rows == 50
    assert recount(start=now - DAY, end=now + DAY) == []


def test_what_waits_when_the_reference_comes_is_folded_by_it_where_nothing_was_stored_before(
    credit_risk: Model, put: Put, now: datetime
):
    put("prediction", *predictions(applicants(7), prefix="before"))
    reference(credit_risk, now)
    put("prediction", *predictions(applicants(5), prefix="after"))
    drain_until_empty(now=now)
    assert report(credit_risk, now, now + HOUR).rows == 12
    assert recount(start=now - DAY, end=now + DAY) == []


def test_a_new_reference_is_a_new_layout_and_layouts_are_never_mixed(credit_risk: Model, put: Put, now: datetime):
    first = reference(credit_risk, now)
    assert reference(credit_risk, now) == first, "the same again is the same"
    put("prediction", *predictions(applicants(5), prefix="a"))
    second = reference(credit_risk, now, seed=9)
    put("prediction", *predictions(applicants(6), prefix="b"))
    drain_until_empty(now=now)
    start = int(now.timestamp())
    assert histograms() == {(first.layout, Tier.HOUR, start): 5, (second.layout, Tier.HOUR, start): 11}
    tally = read_tally(Scope(credit_risk.project_id, credit_risk.pk), {"features"}, start=now, end=now + HOUR)
    assert sorted(found.rows for found in all_reports_of(tally)) == [5, 11]
    assert [(found.rows, found.reference_id) for found in reports_of(tally)] == [(11, second.pk)]
    assert recount(start=now - DAY, end=now + DAY) == []
    [plan, last] = read_plans([first.version_id])[first.version_id]
    assert plan.until == second.since
    assert last.until is None


def test_rollup_leaves_hours_and_makes_days(credit_risk: Model, put: Put, now: datetime):
    known = reference(credit_risk, now)
    for hour in range(3):
        items = predictions(applicants(10), prefix=f"h{hour}-", ts=micros(now + hour * HOUR))
        put("prediction", *items)
    drain_until_empty(now=now)
    for _ in range(2):
        rollup(now=now)
    by_tier = {tier: sum(n for (_, one, _), n in histograms().items() if one == tier) for tier in Tier}
    assert by_tier == {Tier.MINUTE: 0, Tier.HOUR: 30, Tier.DAY: 30}
    assert Bucket.objects.filter(series__layout=known.layout, tier=Tier.DAY).count() == 1
    day = now.replace(hour=0, minute=0)
    assert report(credit_risk, day, day + DAY).rows == 30
    assert recount(start=now - DAY, end=now + DAY) == []


def test_a_window_within_an_hour_is_widened_to_it(credit_risk: Model, put: Put, now: datetime):
    reference(credit_risk, now)
    put("prediction", *predictions(applicants(10)))
    drain_until_empty(now=now)
    tally = read_tally(
        Scope(credit_risk.project_id, credit_risk.pk),
        {"features"},
        start=now + timedelta(minutes=10),
        end=now + timedelta(minutes=20),
    )
    assert [found.rows for found in reports_of(tally)] == [10]
    assert tally.snapped


def test_odd_values_are_counted_beside_the_bins(credit_risk: Model, put: Put, now: datetime):
    reference(credit_risk, now)
    odd = [{"income": "much", "region": "north"}, {"income": None}, {}, None, {"income": 100, "else": [1]}]
    put("prediction", *predictions([given if given is None else {**given} for given in odd[:4]]))
    drain_until_empty(now=now)
    income, region = sorted(report(credit_risk, now, now + HOUR).features, key=lambda one: one.feature.name)
    assert (income.current[MISTYPED], income.current[NULL], income.n) == (1, 3, 0)
    assert (region.current[NULL], region.n) == (3, 1)


def test_drift_is_a_measure_with_no_data_where_it_cannot_be_judged(credit_risk: Model, put: Put, now: datetime):
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    edges = [now, now + HOUR, now + 2 * HOUR, now + 3 * HOUR]
    reference(credit_risk, now)
    put("prediction", *predictions(applicants(300, seed=3), prefix="same"))
    put("prediction", *predictions(applicants(300, seed=3, shift=1), prefix="moved", ts=micros(now + HOUR)))
    put("prediction", *predictions(applicants(20, seed=3), prefix="few", ts=micros(now + 2 * HOUR)))
    drain_until_empty(now=now)
    subject = subjects_of([credit_risk])[credit_risk.pk]
    found = read_series(["drift_psi", "broken_features"], scope, edges=edges, now=edges[-1], subject=subject)
    same, moved, few = found["drift_psi"]
    assert (same.value < 0.05, same.n) == (True, 300)
    assert (moved.value > 0.5, moved.n) == (True, 300)
    assert (few.value, few.n, few.state) == (None, 20, "no_data")
    assert [point.value for point in found["broken_features"]] == [0, 0, None]


@pytest.mark.parametrize(("broken", "drifted"), [(300, 150), (150, 300)])
def test_of_two_versions_one_broken_and_one_drifting_neither_hides_the_other(
    credit_risk: Model, put: Put, now: datetime, broken: int, drifted: int
):
    credit_risk.versions.create(version="2")
    reference(credit_risk, now)
    reference(credit_risk, now, version="2", seed=9)
    nulls = [{**row, "income": None} for row in applicants(broken, seed=3)]
    put("prediction", *predictions(nulls, prefix="broken"))
    put("prediction", *predictions(applicants(drifted, seed=3, shift=1), prefix="moved", version="2"))
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    [psi] = measure_series("drift_psi", scope, start=now, end=now + HOUR, step=HOUR, now=now + HOUR)
    assert (psi.value > 0.5, psi.n) == (True, drifted)
    [columns] = measure_series("broken_features", scope, start=now, end=now + HOUR, step=HOUR, now=now + HOUR)
    assert (columns.value, columns.n) == (1, broken)


def test_a_version_without_reference_has_no_data(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(300)))
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    [point] = measure_series("drift_psi", scope, start=now, end=now + HOUR, step=HOUR, now=now)
    assert (point.value, point.n, point.state) == (None, 0, "no_data")


def test_a_past_window_becomes_the_reference(credit_risk: Model, put: Put, now: datetime):
    version = credit_risk.versions.get()
    put("prediction", *predictions([*applicants(200), None]))
    drain_until_empty(now=now)
    profile = freeze(version, sample_of_window(version, start=now, end=now + HOUR))
    assert (profile.rows, [one.name for one in profile.features]) == (200, ["income", "region"])
    with pytest.raises(ProfileError, match="no stored predictions"):
        sample_of_window(version, start=now - DAY, end=now)


class Unread(dict):
    """A row that must not be looked at."""

    def __iter__(self):
        raise AssertionError

    get = __iter__


def test_too_many_features_are_refused_before_the_rows_are_gone_through():
    with pytest.raises(ProfileError, match="at most 200 features"):
        sample_of([{f"f{number}": 1 for number in range(201)}, Unread({"a": 1})])


def test_a_feature_that_comes_late_or_goes_is_null_elsewhere():
    first, second = profile_of_columns(sample_of([{"a": 1}, {"a": 2, "b": "x"}, {"b": "y"}]).features).features
    assert (first.counts[NULL], second.counts[NULL], second.categories) == (1, 1, ("x", "y"))
    with pytest.raises(ProfileError, match="'b': values are"):
        sample_of([{"a": 1}, {"b": [1]}])


def test_a_window_is_read_without_holding_its_payloads(credit_risk: Model, put: Put, now: datetime):
    segments = {f"s{number}": "x" * 150 for number in range(20)}
    for batch in range(4):
        put("prediction", *predictions(applicants(500), prefix=f"{batch}-", segments=segments))
    drain_until_empty(now=now)
    held = sum(map(len, Prediction.objects.values_list("payload", flat=True)))
    version = credit_risk.versions.select_related("model").get()
    tracemalloc.start()
    profile = freeze(version, sample_of_window(version, start=now, end=now + HOUR))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert profile.rows == 2_000
    assert peak < held / 2


def test_what_is_stored_is_what_was_frozen():
    rows = applicants(500)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= {"id": [f"x{n}" for n in range(500)], "late": [n % 3 for n in range(500)]}
    profile = profile_of_columns(columns)
    again = from_json(to_json(profile))
    assert again.layout == profile.layout
    for one, other in zip(profile.features, again.features, strict=True):
        assert one.counts.tolist() == other.counts.tolist()
        assert (one.table, one.singles) == (other.table, other.singles)


@pytest.mark.parametrize(
    ("histogram", "told"),
    [
        ({"edges": [2, 1], "counts": [1, 1, 1]}, "ascending"),
        ({"edges": [1], "counts": [1]}, "one more entry"),
        ({"edges": [1], "counts": [1, -1]}, "whole number"),
        ({"edges": [1.0], "counts": [1, 1], "categories": {"a": 1}}, "either"),
        ({}, "either"),
        ({"categories": {f"c{n}": 1 for n in range(51)}}, "At most 50"),
        ({"edge": [1]}, "edge"),
        ({"edges": [1, 2], "counts": [1, 1, 1], "low": 1.5}, "`low` is at most"),
        ({"edges": [1, 2], "counts": [1, 1, 1], "high": 1.5}, "`high` at least"),
        ({"edges": [], "counts": [1], "low": 2, "high": 1}, "`low` is at most"),
        ({"edges": [1], "counts": [1, 1], "high": float("inf")}, "finite"),
        ({"categories": {"a": 0}}, "at least one row"),
    ],
)
def test_a_histogram_that_makes_no_sense_is_refused(histogram, told):
    with pytest.raises(ProfileError, match=told):
        profile_of_histograms({"x": histogram})


def test_a_csv_file_becomes_the_reference(credit_risk: Model, stopped_clock: datetime, tmp_path, capsys):
    path = tmp_path / "train.csv"
    path.write_text("income,region,label\n1.5,north,1\n,south,0\n2,,1\n", encoding="utf-8")
    call_command("reference", "aurora", "credit-risk", "1", path, ignore="label")
    assert "3 rows, 2 features (income, region)" in capsys.readouterr().out
    income, region = from_json(bytes(Reference.objects.get().profile)).features
    assert (income.numeric, income.counts[NULL], region.categories) == (True, 1, ("north", "south"))
    with pytest.raises(CommandError, match="no such version"):
        call_command("reference", "aurora", "credit-risk", "9", path)
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(CommandError, match="at least one row"):
        call_command("reference", "aurora", "credit-risk", "1", path)


def test_a_categorical_column_of_a_csv_file_stays_text(credit_risk: Model, stopped_clock: datetime, tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("income,zip\n1,01310\n2,01310\n3,\n", encoding="utf-8")
    call_command("reference", "aurora", "credit-risk", "1", path, categorical="zip")
    income, postcode = from_json(bytes(Reference.objects.get().profile)).features
    assert (income.numeric, postcode.categories, postcode.counts[NULL]) == (True, ("01310",), 1)


def test_a_reference_takes_its_place_after_every_body(credit_risk: Model, put: Put, now: datetime):
    body = put("prediction", *predictions(applicants(1)))
    found = set_reference(credit_risk.versions.get(), profile_of_columns({"x": [1, 2]}), origin="rows", now=now)
    assert found.since == (body.pk + 1) << 13


def test_a_reference_set_before_the_first_body_of_all_folds_it(credit_risk: Model, put: Put, now: datetime):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence('monitoring_inboxbody', 'id')")
            cursor.execute(f"ALTER SEQUENCE {cursor.fetchone()[0]} RESTART")
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'monitoring_inboxbody'")
    reference(credit_risk, now)
    body = put("prediction", *predictions(applicants(5)))
    drain_until_empty(now=now)
    assert body.pk == 1
    assert report(credit_risk, now, now + HOUR).rows == 5
