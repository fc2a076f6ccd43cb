"""The quality of classifiers, on labels: decisions by the confusion matrix, scores by their histograms per label."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import BINARY, CLASSICAL, CLASSIFIERS, MULTICLASS, Indicator, Measure
from monitoring.stats import marks, ranking, ranks, readers

_DECISIONS = ("confusion",)
_SCORES = ("labelled_score",)
_ALL_SCORES = (*_SCORES, "labelled_class_score", "class_scores_cut")
MEASURES = (
    Measure(
        name="accuracy",
        label=_("accuracy"),
        unit="ratio",
        definition=_("Correct predictions divided by labelled predictions."),
        source="scikit-learn accuracy_score; Wilson 1927",
        kinds=CLASSIFIERS,
        metrics=_DECISIONS,
        read=readers.accuracy,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="precision",
        label=_("precision"),
        unit="ratio",
        definition=_(
            "True positives divided by predicted positives. Of several classes the plain mean, where a class that was never "
            "predicted counts as 0."
        ),
        source='scikit-learn precision_score, average="binary" or "macro"; Wilson 1927',
        kinds=CLASSIFIERS,
        metrics=_DECISIONS,
        read=readers.precision,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="recall",
        label=_("recall"),
        unit="ratio",
        definition=_(
            "True positives divided by actual positives. Of several classes the plain mean, where a class that never "
            "occurred counts as 0."
        ),
        source='scikit-learn recall_score, average="binary" or "macro"; Wilson 1927',
        kinds=CLASSIFIERS,
        metrics=_DECISIONS,
        read=readers.recall,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="f1",
        label=_("F1"),
        unit="ratio",
        definition=_(
            "Harmonic mean of precision and recall: twice the true positives divided by predicted plus actual positives. "
            "Of several classes the plain mean."
        ),
        source='scikit-learn f1_score, average="binary" or "macro"',
        kinds=CLASSIFIERS,
        metrics=_DECISIONS,
        read=readers.f1,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="f1_weighted",
        label=_("F1, weighted"),
        unit="ratio",
        definition=_("Mean of the F1 of each class, weighted by how often the class occurred."),
        source='scikit-learn f1_score, average="weighted"',
        kinds=MULTICLASS,
        metrics=_DECISIONS,
        read=readers.f1_weighted,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="f1_micro",
        label=_("F1, micro"),
        unit="ratio",
        definition=_("F1 over the decisions of all classes together, which is the accuracy."),
        source='scikit-learn f1_score, average="micro"; Wilson 1927',
        kinds=MULTICLASS,
        metrics=_DECISIONS,
        read=readers.accuracy,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="specificity",
        label=_("specificity"),
        unit="ratio",
        definition=_("True negatives divided by actual negatives."),
        source="scikit-learn recall_score of the negative class; Wilson 1927",
        kinds=BINARY,
        metrics=_DECISIONS,
        read=readers.specificity,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="roc_auc",
        label=_("ROC AUC"),
        unit="score",
        definition=_(
            "How often a positive scores above a negative, a tie counting half. 0.5 is chance. Of several classes the plain "
            "mean of each class against the rest."
        ),
        source="scikit-learn roc_auc_score; DeLong, DeLong and Clarke-Pearson 1988",
        kinds=CLASSIFIERS,
        metrics=_ALL_SCORES,
        read=ranking.roc_auc,
        needs=("labels", "score"),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="roc_auc_weighted",
        label=_("ROC AUC, weighted"),
        unit="score",
        definition=_("Mean of the ROC AUC of each class against the rest, weighted by how often the class occurred."),
        source='scikit-learn roc_auc_score, multi_class="ovr", average="weighted"; DeLong, DeLong and Clarke-Pearson 1988',
        kinds=MULTICLASS,
        metrics=_ALL_SCORES,
        read=ranking.roc_auc_weighted,
        needs=("labels", "score"),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="average_precision",
        label=_("average precision"),
        unit="score",
        definition=_(
            "Sum of precision times gain of recall, from the highest score down. Of several classes the plain mean of each "
            "against the rest."
        ),
        source="scikit-learn average_precision_score; Boyd, Eng and Page 2013",
        kinds=CLASSIFIERS,
        metrics=_ALL_SCORES,
        read=ranking.average_precision,
        needs=("labels", "score"),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="brier_score",
        label=_("Brier score"),
        unit="score",
        definition=_(
            "Mean squared difference between score and label; of several classes their sum, from 0 to 2. Lower is better."
        ),
        source="scikit-learn brier_score_loss; Brier 1950",
        kinds=CLASSIFIERS,
        metrics=_ALL_SCORES,
        read=ranking.brier_score,
        needs=("labels", "score"),
        settle="labels",
        better="lower",
    ),
    Measure(
        name="log_loss",
        label=_("log loss"),
        unit="score",
        definition=_(
            "Mean negative logarithm of the probability that the score gave to the label, in nats. Lower is better."
        ),
        source="scikit-learn log_loss, scores kept 1e-15 away from 0 and 1",
        kinds=CLASSIFIERS,
        metrics=_ALL_SCORES,
        read=ranking.log_loss,
        needs=("labels", "score"),
        settle="labels",
        better="lower",
    ),
    *(
        Measure(
            name=f"hit_rate_at_{k}",
            label=label,
            unit="ratio",
            definition=_(
                "Ranked lists whose first items hold the label divided by labelled lists of at least so many items. A list is "
                "a prediction that is sent as one, the likeliest first."
            ),
            source="scikit-learn top_k_accuracy_score; Wilson 1927",
            kinds=MULTICLASS,
            metrics=("rank",),
            read=ranks.hit_rate(k),
            better="higher",
            needs=("labels", "ranking"),
            settle="labels",
        )
        for k, label in (
            (1, _("hit rate, first item")),
            (3, _("hit rate, first 3 items")),
            (5, _("hit rate, first 5 items")),
            (10, _("hit rate, first 10 items")),
        )
    ),
    Measure(
        name="label_coverage",
        label=_("label coverage"),
        unit="ratio",
        definition=_(
            "Labelled predictions divided by decided predictions; of a regression those whose label is a number, divided by "
            "those whose prediction is."
        ),
        source="labelled ÷ decided; Wilson 1927",
        kinds=CLASSICAL,
        metrics=("confusion", "decision", "rank", "value"),
        read=readers.label_coverage,
        needs=("labels",),
        settle="labels",
        better="higher",
    ),
    Measure(
        name="positive_rate",
        label=_("positive rate"),
        unit="ratio",
        definition=_("Decisions for the positive class divided by all decisions."),
        source="fairlearn selection_rate; Wilson 1927",
        kinds=BINARY,
        metrics=("decision",),
        read=readers.positive_rate,
    ),
)
INDICATORS = (
    Indicator(
        name="accuracy",
        label=_("correct among labelled predictions"),
        kinds=CLASSIFIERS,
        metric="confusion",
        marks=marks.correct,
        settle="labels",
    ),
    Indicator(
        name="precision",
        label=_("correct among positive predictions"),
        kinds=BINARY,
        metric="confusion",
        marks=marks.precise,
        settle="labels",
    ),
    Indicator(
        name="recall",
        label=_("positives that were found"),
        kinds=BINARY,
        metric="confusion",
        marks=marks.recalled,
        settle="labels",
    ),
)
