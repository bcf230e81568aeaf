"""The catalogue of codes. Each has a page in docs/reference/diagnostics and a case in tests/cases/diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic weighs: an error stops a build, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: what it is about, in a few words, and how much it weighs."""

    code: str
    title: str
    severity: Severity = Severity.ERROR


_W = Severity.WARNING

CATALOGUE: dict[str, Entry] = {
    entry.code: entry
    for entry in (
        # 0xx: versions
        Entry("PS001", "the header is missing or malformed"),
        Entry("PS002", "the spec needs a newer version of the language"),
        Entry("PS090", "not enforced by this version"),
        # 1xx: syntax and files
        Entry("PS101", "unexpected text"),
        Entry("PS102", "a bracket is not closed, or closes nothing"),
        Entry("PS103", "curly quotes"),
        Entry("PS104", "a tab"),
        Entry("PS105", "a documentation comment that documents nothing"),
        Entry("PS106", "an invisible, bidirectional or control character"),
        Entry("PS107", "the file is not UTF-8"),
        Entry("PS108", "the file is too large"),
        Entry("PS109", "nested too deeply"),
        Entry("PS110", "a clause or declaration is not the first on its line"),
        Entry("PS111", "a string or pattern is not closed"),
        Entry("PS112", "an unknown escape in a string"),
        Entry("PS113", "a malformed template"),
        Entry("PS114", "a number, date, duration or size that does not exist"),
        Entry("PS115", "a reserved word as a name"),
        Entry("PS116", "a separator that is not used here"),
        Entry("PS117", "an unknown clause, declaration, limit or setting"),
        Entry("PS118", "a file cannot be read"),
        Entry("PS119", "a file outside the project"),
        # 2xx: names
        Entry("PS201", "declared twice"),
        Entry("PS202", "an unknown name"),
        Entry("PS203", "a name in an unusual spelling", _W),
        Entry("PS204", "the used file does not declare the name"),
        Entry("PS205", "files use each other in a circle"),
        Entry("PS206", "a clause stands twice"),
        Entry("PS207", "a clause is missing"),
        Entry("PS208", "two names become one in Python"),
        Entry("PS209", "a word that is both a member and a field"),
        # 3xx: types, caps, conditions
        Entry("PS301", "a cap is missing"),
        Entry("PS302", "bounds that nothing can meet"),
        Entry("PS303", "a pattern outside the common part of RE2 and ECMA-262"),
        Entry("PS304", "a pattern that no text within the cap can match"),
        Entry("PS305", "a unit or option that the type does not take"),
        Entry("PS306", "an optional field with a default"),
        Entry("PS307", "a value that does not fit its type"),
        Entry("PS308", "a record that holds itself"),
        Entry("PS309", "too many fields, or nested too deeply"),
        Entry("PS311", "`one of` names something that is no list of choices"),
        Entry("PS312", "a type that cannot stand here"),
        Entry("PS314", "a key is missing, doubled or of the wrong type"),
        Entry("PS315", "a JSON Schema that is not closed"),
        Entry("PS316", "a condition whose types do not fit"),
        Entry("PS317", "an optional value that is used without a test"),
        Entry("PS318", "an unknown function, or the wrong arguments"),
        Entry("PS319", "a condition that could take too long"),
        Entry("PS320", "`else drop` without a list to drop from"),
        Entry("PS321", "an image where nothing reads images"),
        Entry("PS322", "a shortlist that cannot be made"),
        # 4xx: prompt, trust, budget
        Entry("PS401", "an open value in the system message"),
        Entry("PS402", "an input that is not used", _W),
        Entry("PS405", "a prompt of the wrong shape"),
        Entry("PS406", "a condition on the content of an open value in a prompt"),
        Entry("PS407", "a shortlist that the prompt does not show"),
        Entry("PS410", "a prompt that cannot fit its limit"),
        Entry("PS411", "a limit with the wrong unit or amount"),
        Entry("PS412", "a limit by caller, where nobody knows who calls"),
        Entry("PS413", "a limit on spending, and a model without a known price"),
        Entry("PS414", "a limit on spending that no call can keep"),
        # 5xx: output schema
        Entry("PS501", "an output that the model's strict schema cannot express"),
        Entry("PS502", "a way of structuring replies that the server does not have"),
        Entry("PS504", "a reply chosen from a source that is too large or not closed"),
        Entry("PS510", "a reply cap that no reply can meet"),
        Entry("PS511", "a reply cap that the largest reply may not meet", _W),
        Entry("PS512", "a model that thinks, without room for it", _W),
        # 6xx: examples and tests
        Entry("PS601", "an input of an example or test that does not fit"),
        Entry("PS602", "a reply of an example or test that does not fit"),
        Entry("PS603", "an example, test or attack of the wrong shape"),
        Entry("PS604", "an example that its own feature refuses"),
        Entry("PS605", "a file of examples that cannot be used"),
        Entry("PS606", "an evaluation of what cannot be compared"),
        Entry("PS607", "a file of labelled rows that cannot be used"),
        Entry("PS608", "a target for a text", _W),
        Entry("PS609", "an example whose answer is not in its shortlist"),
        # 7xx: tone
        Entry("PS701", "a tone rule that does not exist, or has the wrong arguments"),
        Entry("PS702", "a tone rule out of its range"),
        Entry("PS703", "a tone rule that means nothing in the language"),
        Entry("PS704", "an unknown language"),
        Entry("PS705", "tone rules that contradict each other"),
        Entry("PS706", "an example that breaks the tone of its feature"),
        Entry("PS707", "a tone without text"),
        Entry("PS708", "a list of words that cannot be used"),
        Entry("PS709", "a tone rule whose library is not installed"),
        Entry("PS710", "a mention of what the prompt never shows"),
        Entry("PS711", "a tone rule that nobody judges"),
        Entry("PS712", "a judge without anything to judge", _W),
        # 8xx: sources and models
        Entry("PS802", "a row that does not fit its source"),
        Entry("PS803", "a setting that is missing, unknown or wrong"),
        Entry("PS804", "a snapshot that is not the pinned one"),
        Entry("PS805", "a credential written in a spec"),
        Entry("PS806", "an environment variable that the project does not list"),
        Entry("PS807", "a host that the project does not list"),
        Entry("PS808", "a chain of models that leads nowhere"),
        Entry("PS809", "two rows that look alike", _W),
        Entry("PS810", "a source whose library is not installed"),
        Entry("PS811", "a source without a snapshot that was pulled of it"),
        Entry("PS812", "a setting that does not go with where the rows come from"),
        # 9xx: practices and policy
        Entry("PS901", "a moderation that says nothing that can be done"),
        Entry("PS902", "a function that the project does not list"),
        Entry("PS903", "a moderation without anything to look at", _W),
        Entry("PS904", "a waiver of what is no practice, or without a reason"),
        Entry("PS905", "a waiver beside what it waives"),
        Entry("PS906", "a feature that falls short of the project's policy"),
        Entry("PS907", "a policy that says nothing that can be asked for"),
        Entry("PS908", "a policy that nothing applies"),
        Entry("PS909", "an image that no moderator looks at", _W),
        Entry("PS910", "a reply that can say too much"),
        Entry("PS911", "a practice that is left out", _W),
        Entry("PS920", "a review that says nothing that can be done"),
        Entry("PS921", "a clause that needs the ledger, which is not installed"),
        Entry("PS922", "a sample, a time or a secret that means nothing"),
        Entry("PS930", "reports that go nowhere, or show what they cannot"),
        Entry("PS931", "a doc comment from which nobody learns the ids of replies", _W),
    )
}
