"""The runbooks of the demonstration and what its people write, marked for translation: the panel shows them in both
languages. Everything else that people read of the definitions is marked in `demo/definitions.py`.
"""

from typing import NamedTuple

from django.utils.translation import gettext_noop as _


class StepText(NamedTuple):
    """A step of a runbook, with the note that the person of the story leaves when ticking it."""

    title: str
    body: str
    note: str


class RunbookText(NamedTuple):
    """A runbook and the rules it answers."""

    slug: str
    title: str
    summary: str
    rules: tuple[str, ...]
    steps: tuple[StepText, ...]


class LessonText(NamedTuple):
    """What a person adds to the drafted review of a scenario: what only people know, in Markdown, and what will be done."""

    well: str
    poorly: str
    lucky: str
    learned: str
    actions: tuple[str, ...]


QUALITY_DROP = RunbookText(
    slug="quality-drop",
    title=_("Accuracy of a classifier falls"),
    summary=_(
        "**Meaning.** Decisions disagree with the labels that arrive later, although nothing fails.\n\n"
        "**Impact.** Good payers are refused or bad loans are granted; every hour costs money and trust."
    ),
    rules=(
        *("credit-risk-accuracy-low", "credit-risk-accuracy-burn", "credit-risk-recall-low"),
        *("credit-risk-drift", "credit-risk-data-quality"),
    ),
    steps=(
        StepText(
            _("Check that the labels are right"),
            _("Open the model's page: is label coverage as usual? A broken label feed looks like a bad model."),
            _("Coverage is 97%, as usual. The labels are right, the decisions are not."),
        ),
        StepText(
            _("Look for a change near the onset"),
            _("Deploy lines and business events near the start of the impact are the first suspects."),
            _("No deploy. Marketing started a partner campaign half an hour before."),
        ),
        StepText(
            _("Find the population that is wrong"),
            _("Filter the predictions by channel and region; compare inputs with those of last week."),
            _("Channel `partner`: low income, new accounts, cards nearly full. They pay, and we refuse them."),
        ),
        StepText(
            _("Contain the damage"),
            _("Send the affected segment to manual review, or roll back if a deploy is the cause."),
            _("Applications of the partner go to manual review."),
        ),
        StepText(
            _("Remove the cause and watch the recovery"),
            _("Deploy a version trained on both populations. Labels are late: wait for the delay before you judge."),
            _("7.3.0 deployed, trained with partner applicants. Accuracy is back above 0.88."),
        ),
    ),
)

TRUNCATED_ANSWERS = RunbookText(
    slug="truncated-answers",
    title=_("Answers of the assistant are cut off"),
    summary=_(
        "**Meaning.** Calls end with finish reason `length`: the answer reached `max_tokens` in mid-sentence.\n\n"
        "**Impact.** Customers get half an answer, ask again and rate it down; each retry costs tokens."
    ),
    rules=("assistant-truncation-high", "assistant-truncation-burn", "assistant-feedback-negative"),
    steps=(
        StepText(
            _("Read three truncated calls"),
            _("Open LLM calls, pick calls with finish reason `length`: where does the text stop, what was asked?"),
            _("They stop around step 3 of a numbered list. The new prompt asks for much longer answers."),
        ),
        StepText(
            _("Compare prompt version and parameters with yesterday"),
            _("A prompt change line near the onset is the first suspect; compare `max_tokens` too."),
            _("p23 went out at the onset and `max_tokens` fell from 700 to 256 in the same change."),
        ),
        StepText(
            _("Tell support what customers see"),
            _("Customers retry and complain; a macro with the full answer helps until the fix is out."),
            _("Support has a macro and was told that we are on it."),
        ),
        StepText(
            _("Publish the mended prompt and watch the recovery"),
            _("Go back to the last good prompt version or publish a mended one; truncation falls within minutes."),
            _("p24 is out: shorter answers, limit 800. Truncation is at zero and thumbs are recovering."),
        ),
    ),
)

ERRORS = RunbookText(
    slug="errors-and-latency",
    title=_("Errors or slow answers"),
    summary=_(
        "**Meaning.** Requests fail or take too long.\n\n**Impact.** Customers wait or leave; the error budget burns."
    ),
    rules=(
        *("credit-risk-availability-burn", "credit-risk-latency-burn", "assistant-availability-burn"),
        "delivery-time-availability-burn",
    ),
    steps=(
        StepText(_("Read the error types"), _("Open the newest failed requests and their logs."), ""),
        StepText(
            _("Check what the service depends on"),
            _("Feature store, model provider, network: status pages and rate limits."),
            "",
        ),
        StepText(_("Roll back if a deploy is near the onset"), _("Deploy lines show on every chart."), ""),
        StepText(_("Confirm recovery"), _("Error rate and p95 are back, the burn rate is below 1."), ""),
    ),
)

LLM_COST = RunbookText(
    slug="llm-cost",
    title=_("A language model costs too much"),
    summary=_(
        "**Meaning.** A call, or a question that takes several calls, costs far more than usual, although all are answered.\n\n"
        "**Impact.** Money: at this pace the budget of the month may be gone in a day. Customers notice nothing."
    ),
    rules=("assistant-cost-high",),
    steps=(
        StepText(
            _("See what the money goes to"),
            _(
                "On the tab *Cost*: did calls get more, longer, or go to another language model? Is less read from the cache?"
            ),
            _(
                "`gpt-4o` since the onset, where there was only `gpt-4o-mini`; its input is not cached. Three times as many calls."
            ),
        ),
        StepText(
            _("Look for a change near the onset"),
            _("Deploys and prompt changes at the onset are the first suspects."),
            _("1.10.0 went out at the onset, with a stricter check of the answers."),
        ),
        StepText(
            _("Read the dearest calls of one request"),
            _("Open LLM calls and pick one of the dear ones; its request id shows what was asked before and after."),
            _(
                "The check refuses the answer, and the loop asks again, up to four times, each time with all that was said."
            ),
        ),
        StepText(
            _("Stop the loss and watch the recovery"),
            _("Roll back, or lower the number of attempts; the cost of a call falls within minutes."),
            _("Rolled back to 1.9.0. A call costs US$ 0.0002 again."),
        ),
    ),
)

FAR_OFF = RunbookText(
    slug="far-off",
    title=_("A regression is far off"),
    summary=_(
        "**Meaning.** Predictions differ from what happened by more than usual.\n\n"
        "**Impact.** Customers wait longer than they were told, or couriers are sent too early."
    ),
    rules=("delivery-time-error-high",),
    steps=(
        StepText(
            _("See whether it is bias or spread"),
            _(
                "On the tab *Quality*: a bias means that everything takes longer or shorter; a spread, that something is missing."
            ),
            "",
        ),
        StepText(
            _("Find the segment that is wrong"), _("Compare vehicles and districts; one of them may be alone."), ""
        ),
        StepText(_("Look at the inputs"), _("A broken or drifted column is the usual cause."), ""),
        StepText(
            _("Retrain, or add a margin, and watch"),
            _("Labels come with the couriers: wait for them before you judge."),
            "",
        ),
    ),
)

RUNBOOKS = (QUALITY_DROP, TRUNCATED_ANSWERS, ERRORS, LLM_COST, FAR_OFF)

LESSONS = {
    "credit-risk": LessonText(
        well=_(
            "- A rule on the inputs warned an hour before the one on accuracy.\n"
            "- Manual review kept the damage small while a new version was trained."
        ),
        poorly=_(
            "- The first alert was a ticket: nobody believed it until decisions were seen to be wrong.\n"
            "- Marketing and the model's owner do not read the same calendar."
        ),
        lucky=_(
            "- The partner sends applicants with a channel of their own; otherwise they could not have been set apart."
        ),
        learned=_(
            "## What we learned\n\n"
            "- The model was asked about people it had never seen, and answered with great confidence.\n"
            "- Marketing knew of the campaign two weeks before; nobody asked whether the model did.\n"
            "- Labels come half an hour late: a rule on accuracy cannot warn sooner. A rule on the inputs could.\n"
            "- The runbook pointed to the segment within minutes; without it we would have searched for a bug."
        ),
        actions=(
            _("Announce campaigns to the model's owner before they start"),
            _("Compare the inputs of every channel with the training set each hour"),
            _("Send channels unknown to the model to manual review by default"),
        ),
    ),
    "support-assistant": LessonText(
        well=_("- The rule saw it within a quarter of an hour, and the prompt's line on the chart named the suspect."),
        poorly=_("- The prompt and its token limit were changed by two people who did not read each other's change."),
        lucky=_("- It happened in the morning, when support was there to answer by hand."),
        learned=_("## What we learned\n\n- A prompt and its token limit are one change and need one review."),
        actions=(_("Test every prompt version against the token limit before it goes out"),),
    ),
}
