"""Texts about the findings that no module of ``rules`` stands for: those of histories, steps, models and rows."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.rule_ids import RULE_IDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingText:
    """What a finding means: when there is one, what it leads to, what to do; ``check`` is the item that finds it."""

    check: str
    summary: str
    condition: str
    effect: str
    fix: str
    severity: Severity = Severity.ERROR


FINDING_TEXTS: dict[str, FindingText] = {
    "downgrade-incomplete": FindingText(
        check="stairway",
        summary="A downgrade leaves the catalog other than it was before the upgrade.",
        condition="after upgrade() and downgrade() of one revision an object is left that was not there, "
        "or one is missing or changed",
        effect="after a rollback the next deployment meets a schema that no revision describes, and often fails",
        fix="undo in downgrade() everything that upgrade() did; what cannot be undone is declared: "
        "raise NotImplementedError",
    ),
    "upgrade-fails": FindingText(
        check="stairway, upgrade",
        summary="An upgrade ends with an error.",
        condition="upgrade() raises, or PostgreSQL refuses a statement of it",
        effect="the deployment stops, and revisions that come later cannot be judged",
        fix="correct the statement that the finding names",
    ),
    "downgrade-fails": FindingText(
        check="stairway, roundtrip",
        summary="A downgrade ends with an error.",
        condition="downgrade() raises, or PostgreSQL refuses a statement of it (one that refuses on purpose is "
        "irreversible, which is no fault)",
        effect="a release cannot be taken back when it has to be",
        fix="correct downgrade(), or declare that there is no way back: raise NotImplementedError",
    ),
    "upgrade-not-repeatable": FindingText(
        check="stairway",
        summary="An upgrade does not work a second time, or gives something else.",
        condition="after up and down, the second upgrade() fails or leaves another catalog than the first",
        effect="whoever rolled back once cannot go forward again",
        fix="let downgrade() remove what upgrade() makes, types and sequences too",
    ),
    "session-setting-left": FindingText(
        check="stairway",
        summary="A revision leaves a setting of the session changed.",
        condition="a setting has another value after the revision than before it",
        effect="the revisions that follow in the same run work under a setting that they did not ask for",
        fix="use SET LOCAL, which ends with the transaction",
        severity=Severity.WARNING,
    ),
    "several-heads": FindingText(
        check="heads",
        summary="The history has more heads than it may have.",
        condition="two revisions have no successor, and no branch labels tell them apart",
        effect="`alembic upgrade head` stops with an error",
        fix='alembic merge -m "merge heads" with the heads that the finding names',
    ),
    "migration-not-listed": FindingText(
        check="heads",
        summary="A file that looks like a migration is never run.",
        condition="the journal or the plan does not name it, its name is not what the tool takes, or it is not SQL",
        effect="what it makes is missing in every database",
        fix="let the tool write it anew, rename it, or delete it",
    ),
    "migration-file-missing": FindingText(
        check="heads",
        summary="A migration that is listed, or that another one needs, has no file.",
        condition="an entry of the journal or the plan, a folder, or a way back, without the SQL of the upgrade",
        effect="the tool stops, or the way back is never run",
        fix="restore the file, take the entry out, or correct the name of the way back",
    ),
    "duplicate-migration": FindingText(
        check="heads",
        summary="Two migrations have the same number or name.",
        condition="two files of one version, or two entries of one index or tag",
        effect="the tool stops, or skips one of them",
        fix="give one of them a number of its own",
    ),
    "migration-out-of-order": FindingText(
        check="heads",
        summary="A migration may be skipped, or run before what it needs.",
        condition="an older time than the entry before it, a requirement that comes later, or two orders that differ",
        effect="databases that were migrated at another time have another schema",
        fix="generate the later one anew",
    ),
    "snapshot-chain-broken": FindingText(
        check="heads",
        summary="Drizzle's snapshots do not follow each other.",
        condition="a prevId that no snapshot has, or that two have",
        effect="the next migration is generated from a wrong state",
        fix="drop the later migration, and generate it anew after the other one",
    ),
    "lock-file-wrong": FindingText(
        check="heads",
        summary="Prisma's lock file is missing, or names another database.",
        condition="no migration_lock.toml, or a provider that is not postgresql",
        effect="migrations of another database may come in, or these cannot be run",
        fix="commit it with the provider postgresql",
    ),
    "merged-revision-edited": FindingText(
        check="heads",
        summary="A revision was edited after it had been merged.",
        condition="what upgrade() runs differs from the base of the branch (migcheck_since = git:REF); "
        "comments, layout, imports and downgrade() do not count",
        effect="databases that ran it before have another schema than those that run it now",
        fix="restore the file, and put the change into a new revision",
    ),
    "merged-revision-deleted": FindingText(
        check="heads",
        summary="A revision that had been merged is gone.",
        condition="a revision that the base of the branch has (migcheck_since = git:REF) is not there any more",
        effect="databases that stand at it cannot be migrated at all",
        fix="restore the file",
    ),
    "merged-revision-reparented": FindingText(
        check="heads",
        summary="A revision that had been merged follows another one now.",
        condition="down_revision or depends_on differs from the base of the branch (migcheck_since = git:REF)",
        effect="databases may have run it without what now comes before it",
        fix="restore down_revision, and put the new revision at the end",
    ),
    "revision-inserted-in-history": FindingText(
        check="heads",
        summary="A new revision stands before one that had been merged.",
        condition="a revision that the base of the branch does not have (migcheck_since = git:REF) is required "
        "by one that it has",
        effect="databases that are past this place never run it",
        fix="let the new revision follow the head",
    ),
    "duplicate-revision-id": FindingText(
        check="heads",
        summary="Two files have the same revision id.",
        condition="two files of the history say the same `revision`",
        effect="Alembic takes one of them and leaves the other out",
        fix="give one of them a new id",
    ),
    "vague-message": FindingText(
        check="heads",
        summary="A revision's message says nothing.",
        condition="the message is empty, or has only words such as update, fix, changes or migration",
        effect="nobody can tell what it does without reading it",
        fix="say what the revision does",
        severity=Severity.WARNING,
    ),
    "file-name-breaks-template": FindingText(
        check="heads",
        summary="A file is not named as the project names its revisions.",
        condition="file_template is set, and the name differs from what it gives",
        effect="the folder does not show the order any more",
        fix="rename the file; its revision id stays",
        severity=Severity.WARNING,
    ),
    "empty-upgrade": FindingText(
        check="heads",
        summary="An upgrade does nothing.",
        condition="upgrade() runs nothing, and the revision joins, names or orders no branches",
        effect="a step of the deployment without a change, and often a change that was forgotten",
        fix="write the change, or remove the revision before it is merged",
        severity=Severity.WARNING,
    ),
    "unrelated-changes": FindingText(
        check="heads",
        summary="A revision changes things that have nothing to do with each other (off until selected).",
        condition="upgrade() changes tables that no foreign key in the revision holds together",
        effect="its locks are held together, and it can only be taken back as a whole",
        fix="a revision for each change",
        severity=Severity.WARNING,
    ),
    "one-transaction-for-all": FindingText(
        check="upgrade",
        summary="All revisions run in one transaction.",
        condition="env.py leaves Alembic's default: no transaction for each revision",
        effect="the locks of the first revision are held until the last one has ended",
        fix="context.configure(transaction_per_migration=True)",
        severity=Severity.INFO,
    ),
    "drift": FindingText(
        check="drift",
        summary="The models and the migrated database disagree about an object.",
        condition="the catalog after all revisions differs from what the models create in an empty database",
        effect="the application expects a schema that production does not have",
        fix='write a revision with the code that is printed (alembic revision -m "..."), or correct the models',
    ),
    "upgrade-fails-on-rows": FindingText(
        check="data",
        summary="An upgrade fails where the tables hold rows.",
        condition="upgrade() works on empty tables, and fails on rows that the schema allowed",
        effect="it passes in every empty test database and stops in production",
        fix="move the rows into a form that the new schema allows, before it is enforced",
    ),
    "downgrade-fails-on-rows": FindingText(
        check="data",
        summary="A downgrade fails where the tables hold rows.",
        condition="downgrade() works on empty tables, and fails on rows that the newer schema allowed",
        effect="a release cannot be taken back once it has been used",
        fix="move the rows into a form that the older schema allows, or declare that there is no way back",
    ),
    "rows-lost": FindingText(
        check="data",
        summary="Rows are gone after up and down.",
        condition="a table has fewer rows after the downgrade than before the upgrade",
        effect="taking a release back costs data",
        fix="keep the rows, or declare that there is no way back",
    ),
    "values-changed": FindingText(
        check="data",
        summary="Values differ after up and down.",
        condition="a column that was there before and after holds other values after the downgrade",
        effect="taking a release back changes data",
        fix="restore the values, or declare that there is no way back",
    ),
    "batch-left-behind": FindingText(
        check="data",
        summary="A batch is taken once, and the rest of the rows is left.",
        condition="of one row more than a statement with LIMIT takes, one is as it was after the upgrade",
        effect="on a table of any size, all rows but one batch are left behind, and nothing fails",
        fix="repeat the statement until it changes no row",
    ),
    "foreign-database": FindingText(
        check="every item",
        summary="env.py connects to a database that is not ours.",
        condition="a connection of env.py went around the redirection",
        effect="the run is refused: migrations must never reach a real database from a test",
        fix="take the URL from the configuration or the environment, as migcheck_env shows",
    ),
    "unused-ignore": FindingText(
        check="the nearest item",
        summary="An ignore silences nothing.",
        condition="every item that could use the ignore ran, and none had such a finding",
        effect="the next real finding at this place would be hidden",
        fix="remove the ignore",
        severity=Severity.WARNING,
    ),
    "unknown-ignore": FindingText(
        check="the nearest item",
        summary="An ignore names a rule that does not exist.",
        condition="the id or name in an ignore is not one of a rule",
        effect="it silences nothing",
        fix="correct the id; pytest --migcheck-rules lists them",
        severity=Severity.WARNING,
    ),
    "malformed-ignore": FindingText(
        check="the nearest item",
        summary="A comment to migcheck is not complete.",
        condition="it names no rule, its word is not known, or it lacks a reason where one is required",
        effect="it silences nothing",
        fix="# migcheck: ignore[MC101] reason, ignore-file[MC101] reason, or irreversible reason",
    ),
}


def finding_texts() -> dict[str, tuple[str, FindingText]]:
    """Id to name and text, for every such finding that has one."""
    return {id_: (name, FINDING_TEXTS[name]) for id_, name in RULE_IDS.items() if name in FINDING_TEXTS}
