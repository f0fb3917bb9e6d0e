"""German."""

from ingestion.llm.rules.languages.vocabulary import Vocabulary, phrases, words

GERMAN = Vocabulary(
    code="de",
    common=words(
        "der die das und ist nicht ein eine einen ich wir sie ihr ihre ihren mit von zu zum zur auf für im am den dem",
        "des es uns sich auch noch bitte haben wird werden sind bei oder",
    ),
    request=phrases(
        "bitte",
        "bitten (?:wir )?(?:Sie|dich|euch)",
        "(?:k[öo]nn(?:t)?en|w[üu]rden) Sie",
        "(?:kann|k[öo]nn|w[üu]rd)e?st du",
        "(?:gib|gebt|geben Sie|sag|sagt|sagen Sie|schick|schickt|schicken Sie) (?:mir|uns|es)",
        "(?:brauche|benötige) ich",
        "ich (?:brauche|benötige)",
        "(?:brauchen|benötigen) wir",
        "melde(?:n Sie|t euch)? (?:dich|sich)",
        "Sie müssen",
    ),
    no_request=phrases(
        "antworten Sie (?:bitte )?nicht",
        "(?:müssen|brauchen)(?: Sie)? nichts",
        "nicht(?:s)? (?:weiter )?(?:zu tun|veranlassen)",
        "bei (?:Rück)?[Ff]ragen",
        "zögern Sie nicht",
        "finden Sie",
        "abmelden",
        "beachten Sie",
        "verhindert",
    ),
    answer=phrases(
        "Bescheid",
        "antwort\\w*",
        "(?:teilen Sie|mitteil\\w*|mitzuteilen)",
        "(?:sag|sagt|sagen Sie|gib|gebt)",
        "(?:schick|schickt|schicken|senden) (?:mir|uns|Sie)",
        "(?:rufen|melden) Sie",
        "(?:ruf|melde) (?:mich|dich)",
        "bestätig\\w*",
        "Rückmeldung",
        "zurück(?:rufen|senden|schicken)",
    ),
    urgent=phrases(
        "dringende?[rsnm]?",
        "eilig",
        "eilt",
        "umgehend",
        "sofort",
        "so(?: ?bald| schnell) wie möglich",
        "schnellstmöglich",
        "Notfall",
        "unverzüglich",
    ),
    overdue=phrases(
        r"\w*mahnung",
        "überfällig",
        "Inkasso\\w*",
        "Mahngebühr(?:en)?",
        "letzte(?:r|n)? (?:Frist|Erinnerung|Aufforderung)",
        "Zahlungsverzug",
        "(?:gesperrt|gelöscht|eingestellt) (?:wird|werden)",
        "wird (?:\\w+ )?(?:gesperrt|gelöscht|abgeschaltet)",
        "Säumnis\\w*",
    ),
    security=phrases(
        "verdächtige?[rsnm]?",
        "unbekannte[rsnm]? Gerät",
        "(?:neue|ungewöhnliche|unbekannte) Anmeldung",
        "unbefugt\\w*",
        "Datenleck",
    ),
    bulk=phrases(
        "Newsletter",
        "abmelden",
        "abbestellen",
        "im Browser (?:ansehen|öffnen)",
        "keine (?:weiteren )?(?:Angebote|E-Mails) (?:mehr )?erhalten",
        "Gutschein(?:code)?",
        "versandkostenfrei",
        r"\d+ ?% Rabatt",
    ),
    automatic=phrases(
        "automatisch (?:erstellt|erzeugt|versendet|versandt|generiert)e?",
        "automatische (?:Antwort|Nachricht|E-Mail|Benachrichtigung)",
        "antworten Sie (?:bitte )?nicht",
    ),
    away=phrases("Abwesenheits(?:notiz|nachricht|assistent)", "automatische Antwort", "nicht im (?:Büro|Haus)"),
    transaction=phrases(
        "Ihr(?:e[nmrs]?)? (?:\\w+ )?(?:\\w*[Rr]echnung|Bestellung|Buchung|Sendung|Paket|Kontoauszug|Ticket|Vertrag|"
        "Konto|Passwort|Reise|Bescheinigung|Termin|bestelltes \\w+)",
        "Buchungsbestätigung",
        "Bestellbestätigung",
        "Vielen Dank für Ihre (?:Bestellung|Buchung|Zahlung)",
    ),
    courtesy=phrases(
        "hallo|hi|lieber?|liebe[nr]? \\w+|ihr lieben|guten (?:tag|morgen|abend)|sehr geehrte[rn]?|grüß gott|moin|"
        "(?:mit )?(?:freundliche|beste|viele|liebe|herzliche|schöne|sportliche)n? grüßen?|gruß|danke|"
        "vielen dank im voraus|mfg|vg|lg|dein|deine|eure?|ihre? \\w+"
    ),
    labels={
        "invoice": phrases(r"\w*rechnung(?:en)?", r"offene[rn]? betrag", r"\w*mahnung"),
        "receipt": phrases("quittung", "zahlungsbestätigung", "kassenbon"),
        "statement": phrases("kontoauszug", "bescheinigung", "dokument"),
        "invitation": phrases("einladung", "eingeladen", "lade(?:n)? (?:euch|dich|Sie)", "wir feiern"),
        "travel": phrases("fahrkarte", "ticket", "flug", "zug", "hinfahrt", "buchungsbestätigung", "hotel"),
        "shipping": phrases("sendung", "paket", "lieferung", "sendungsverfolgung"),
        "contract": phrases("vertrag", "angebot", "kündig\\w*"),
        "account": phrases("passwort", "konto", "anmeldung"),
        "order": phrases("bestellung", "bestelltes"),
        "appointment": phrases(r"termin\w*", "elternabend"),
        "undelivered": phrases("unzustellbar", "nicht zugestellt"),
    },
    due=(
        r"bis(?: zum| zu| spätestens| einschließlich)*(?: am| zum)?|spätestens(?: am| bis| zum)?|vor dem|"
        r"fällig(?: am| zum)?|zahlbar(?: bis| am)?(?: zum)?|frist(?:ende)?(?: bis| ist| endet)?(?: zum| am| der)?:?|"
        r"läuft(?: am)?"
    ),
    same_day=r"heute|morgen|übermorgen",
    weekdays=r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag",
    months=(
        r"januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|"
        r"jan|feb|mär|apr|jun|jul|aug|sept?|okt|nov|dez"
    ),
    week_end=r"ende (?:der|dieser) woche|wochenende",
    month_end=r"ende (?:des|dieses) monats|monatsende",
    ahead=r"(?:in(?:nerhalb von)?|binnen) \d{1,2} (?:tage?n?|wochen?)",
)
