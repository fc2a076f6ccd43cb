"""What is held against the reference of a version: inputs, predictions and scores; and how much came at all."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, CLASSICAL, CLASSIFIERS, Measure
from monitoring.selectors.drift import counted, greatest, has_fault, p_value, share_of
from monitoring.stats.matched import WEEK
from monitoring.stats.profile import ABOVE, BELOW, INFINITE, MISTYPED, NULL, UNSEEN
from monitoring.stats.readers import volume_ratio

held = partial(Measure, kinds=CLASSICAL, metrics=("features",), needs=("features", "reference"), better="lower")
MEASURES = (
    held(
        name="drift_psi",
        label=_("drift, greatest PSI"),
        unit="score",
        definition=_(
            "The greatest population stability index of a feature, the prediction or the score against the version's "
            "reference, over ten groups of bins, what chance alone would make of it taken off."
        ),
        source="Siddiqi 2006; Yurdakul 2018",
        read=greatest(lambda shift: shift.psi),
    ),
    held(
        name="drift_psi_prediction",
        label=_("drift of the predictions, PSI"),
        unit="score",
        definition=_("The population stability index of the predictions against those of the version's reference."),
        source="Siddiqi 2006; Yurdakul 2018",
        read=greatest(lambda shift: shift.psi, "prediction"),
    ),
    held(
        name="drift_psi_score",
        label=_("drift of the scores, PSI"),
        unit="score",
        definition=_("The population stability index of the scores against those of the version's reference."),
        source="Siddiqi 2006; Yurdakul 2018",
        read=greatest(lambda shift: shift.psi, "score"),
        kinds=CLASSIFIERS,
    ),
    held(
        name="drift_js",
        label=_("drift, greatest Jensen-Shannon distance"),
        unit="score",
        definition=_(
            "The greatest Jensen-Shannon distance (base 2, from 0 to 1) of a feature, the prediction or the score to the "
            "version's reference."
        ),
        source="scipy.spatial.distance.jensenshannon",
        read=greatest(lambda shift: shift.js),
    ),
    held(
        name="drift_ks",
        label=_("drift, greatest Kolmogorov-Smirnov distance"),
        unit="score",
        definition=_("The greatest distance between the cumulated histograms of a number and its reference."),
        source="scipy.stats.ks_2samp",
        read=greatest(lambda shift: shift.ks),
    ),
    held(
        name="drift_chi2",
        label=_("drift, greatest chi-square per degree of freedom"),
        unit="score",
        definition=_(
            "The greatest two-sample chi-square of a feature, the prediction or the score, divided by its degrees of "
            "freedom: about 1 without drift."
        ),
        source="scipy.stats.chi2_contingency",
        read=greatest(lambda shift: shift.chi2 / shift.df if shift.df else None),
    ),
    held(
        name="drift_p_value",
        label=_("drift, least corrected p"),
        unit="score",
        definition=_(
            "The least p of the two-sample chi-square test, corrected for all that is held against the reference in the window."
        ),
        source="Benjamini and Hochberg 1995",
        read=p_value,
        better="higher",
    ),
    held(
        name="drifted_features",
        label=_("drifted features"),
        unit="count",
        definition=_(
            "How many features, predictions and scores differ from the reference both significantly and largely."
        ),
        source="p ≤ 0.03, PSI ≥ 0.05",
        read=counted(lambda report: float(len(report.drifted)) if report.judged else None),
    ),
    held(
        name="broken_features",
        label=_("broken input columns"),
        unit="count",
        definition=_(
            "Columns with more nulls, wrong types, values out of range or categories never seen than the reference has, "
            "significantly and by a floor, or with one value only."
        ),
        source="one-sided z test of two proportions, p ≤ 0.001",
        read=counted(lambda report: float(len(report.broken))),
    ),
    held(
        name="null_rate",
        label=_("nulls, worst column"),
        unit="ratio",
        definition=_("Share of the predictions in which the input with most nulls has none of its values."),
        source="counts beside the reference's bins",
        read=counted(share_of(NULL)),
    ),
    held(
        name="type_error_rate",
        label=_("wrong types, worst column"),
        unit="ratio",
        definition=_(
            "Share of the predictions in which the worst numeric input holds something that is no finite number."
        ),
        source="counts beside the reference's bins",
        read=counted(share_of(MISTYPED, INFINITE)),
    ),
    held(
        name="out_of_range_rate",
        label=_("out of range, worst column"),
        unit="ratio",
        definition=_(
            "Share of the predictions in which the worst numeric input lies outside of the reference's range."
        ),
        source="counts beside the reference's bins",
        read=counted(share_of(BELOW, ABOVE)),
    ),
    held(
        name="never_seen_rate",
        label=_("never seen, worst column"),
        unit="ratio",
        definition=_(
            "Share of the predictions in which the worst categorical input has a category that the reference has not."
        ),
        source="counts beside the reference's bins",
        read=counted(share_of(UNSEEN)),
    ),
    held(
        name="constant_features",
        label=_("constant columns"),
        unit="count",
        definition=_(
            "Columns that hold one value only, or a number that never leaves one narrow bin, where the reference makes that all "
            "but impossible."
        ),
        source="counts beside the reference's bins",
        read=counted(has_fault("constant")),
    ),
    Measure(
        name="volume_ratio",
        label=_("volume against earlier weeks"),
        unit="ratio",
        definition=_(
            "Predictions or calls, divided by the median of the same hours of the four weeks before; no data with fewer than "
            "two such weeks."
        ),
        source="median of the matching windows",
        kinds=ALL,
        metrics=("status",),
        read=volume_ratio,
        sampled=False,
        open_ended=True,
        past=tuple(WEEK * times for times in range(1, 5)),
    ),
)
