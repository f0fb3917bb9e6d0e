"""English."""

from ingestion.llm.rules.languages.vocabulary import Vocabulary, phrases, words

ENGLISH = Vocabulary(
    code="en",
    common=words(
        "the and you your is are was for with this that have has not from will would can please we our my be it of",
        "to in on at as if they their there been",
    ),
    request=phrases(
        "please",
        "kindly",
        "(?:could|can|would|will) you",
        "let (?:me|us) know",
        "(?:I|we)(?:'ll| will)?(?: still| also)? need (?:your?|the|you to)",
        "call me back",
        "get back to (?:me|us)",
        "you (?:must|need to|have to)",
        "remember to",
        "(?:be )?(?:glad|happy|grateful) (?:to hear from you|if you)",
        "would you mind",
        "waiting for your",
        "(?<![a-z,] )(?:Please )?(?:update|review|confirm|sign|send|reply|complete|submit|pay|call|renew|verify|return|"
        "register|respond|approve|upload) (?=[a-z])",
        "make sure",
    ),
    no_request=phrases(
        "do not reply",
        "don't reply",
        "please find",
        "no (?:further )?action",
        "nothing (?:more|else)? ?(?:is )?needed",
        "if you have any questions",
        "any questions",
        "(?:do not|don't) hesitate",
        "feel free",
        "unsubscribe",
        "please note",
        "please disregard",
        "(?:review|confirm|update|manage) your (?:preferences|settings)",
        "please disregard",
    ),
    answer=phrases(
        "let (?:me|us) know",
        "call (?:me|us)",
        "get back to",
        "repl(?:y|ies)",
        "answer",
        "respond",
        "rsvp",
        "confirm",
        "tell (?:me|us)",
        "send (?:it|them|me|us|back)",
        "need your",
    ),
    urgent=phrases(
        "urgent(?:ly)?", "asap", "as soon as possible", "immediate(?:ly)?", "emergency", "right away", "at once"
    ),
    overdue=phrases(
        "overdue",
        "past due",
        "(?:final|last|second) (?:notice|reminder|warning)",
        "collection agency",
        "late fee",
        "will be (?:deleted|suspended|disconnected|terminated|cut off|closed|cancelled|canceled)",
        "declined",
        "payment (?:has )?failed",
        "could not (?:charge|collect|process)",
        "default(?:ed)? on",
    ),
    official=phrases("subpoena", "summons", "court", "tax office", "penalty notice", "legal action", "mandatory"),
    security=phrases(
        "suspicious",
        "unauthori[sz]ed",
        "(?:new|unknown|unrecogni[sz]ed|unusual) (?:device|sign-?in|login)",
        "data breach",
        "compromised",
    ),
    bulk=phrases(
        "unsubscribe",
        "view (?:this email )?in (?:your )?browser",
        "email (?:settings|preferences)",
        r"\d+ ?% off",
        "you(?:'re| are)? receiv(?:e|ing) this (?:newsletter|letter|e-?mail|message)",
        "this (?:e-?mail|message) was sent to",
        "opt out",
    ),
    marketing=phrases(
        "free trial",
        "book a (?:demo|call)",
        "limited time",
        "special offer",
        "exclusive",
        "opportunity",
        "discount",
        "no obligation",
        "our (?:solution|services)",
        "boost",
        "save up to",
        "grow your business",
    ),
    automatic=phrases(
        "automated (?:message|e-?mail|notification)",
        "automatically generated",
        "(?:please )?do not reply",
    ),
    away=phrases("automatic reply", "auto-?reply", "out of (?:the )?office"),
    transaction=phrases(
        "(?:your|ride|payment) (?:[a-z-]+ )?(?:order|booking|reservation|receipt|invoice|payment|statement|"
        "subscription|account|password|ride|delivery|parcel|domain)",
        "order confirmation",
        "terms of (?:service|use)",
        "privacy policy",
        "check-?in is open",
        "sent you a (?:document|file|message)",
        "(?:link|code) expires",
        "payment received",
        "thank(?:s| you) for (?:your (?:order|purchase)|riding|shopping)",
    ),
    courtesy=phrases(
        "hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks|thank you|many thanks|best|best wishes|cheers|"
        "regards|kind regards|best regards|sincerely|yours(?: truly| sincerely)?|love|all the best"
    ),
    labels={
        "invoice": phrases("invoice", "amount due", "payment (?:is )?due", "billing"),
        "receipt": phrases("receipt", "paid by card", "payment received"),
        "statement": phrases("statement"),
        "invitation": phrases("invitation", "invited", "invite", "rsvp"),
        "travel": phrases("flight", "train", "hotel", "ticket", "itinerary", "boarding pass", "reservation"),
        "shipping": phrases("parcel", "tracking number", "shipment", "delivery", "shipped", "out for delivery"),
        "contract": phrases("contract", "agreement", "offer"),
        "account": phrases("password", "account", "domain", "subscription"),
        "appointment": phrases("appointment"),
        "undelivered": phrases("undelivered", "could not be delivered", "returned to sender", "delivery status"),
    },
    due=(
        r"by(?: the)?(?: end of)?|before|until|till|no later than|not later than|at the latest(?: by| on)?|"
        r"latest(?: by)?|"
        r"due(?: date)?(?: is)?(?: on| by)?:?|deadline(?: is)?(?: on)?:?|expires?(?: on)?|"
        r"clos(?:es?|ed|ing)\b[^.\n]{0,30}?\bon|ends? on"
    ),
    due_after=r"at the latest|is the (?:deadline|last day|cut-?off)",
    same_day=r"today|tonight|tomorrow",
    weekdays=r"monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    months=(
        r"january|february|march|april|may|june|july|august|september|october|november|december|"
        r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
    ),
    this_week=r"this week",
    week_end=r"(?:the )?end of (?:the|this) week",
    month_end=r"(?:the )?end of (?:the|this) month|month'?s end",
    ahead=r"(?:with)?in (?:the next )?\d{1,2} (?:days?|weeks?)",
)
