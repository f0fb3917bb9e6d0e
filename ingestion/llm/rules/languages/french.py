"""French."""

from ingestion.llm.rules.languages.vocabulary import Vocabulary, phrases, words

FRENCH = Vocabulary(
    code="fr",
    common=words(
        "le la les des un une et est vous nous je tu il elle pour avec dans sur votre vos notre mes que qui ne pas",
        "plus ce cette au aux du en de sont par",
    ),
    request=phrases(
        "merci de",
        "veuillez",
        "prière de",
        "s'il (?:vous|te) plaît",
        "(?:pourriez|pouvez|voulez|voudriez)-vous",
        "(?:peux|pourrais|veux)-tu",
        "(?:dis|dites|rappelle|rappelez|réponds|répondez|envoie|envoyez)-(?:moi|nous)",
        "il (?:faut|faudrait)",
        "(?:j'ai|nous avons) besoin de",
        "vous devez",
        "[a-zéèê]+ez-(?:moi|nous)",
        "pense[sz]? à",
        "n'oublie[sz]? pas",
        "auriez-vous",
    ),
    no_request=phrases(
        "ne pas (?:y )?répondre",
        "n'avez rien à faire",
        "aucune action",
        "n'hésitez pas",
        "veuillez trouver",
        "désabonner",
        "désinscrire",
        "cliquez ici",
    ),
    answer=phrases(
        "répon\\w+",
        "(?:me|nous) (?:répondre|dire|confirmer|renvoyer|envoyer|rappeler)",
        "confirm\\w+",
        "(?:dis|dites|rappelle|rappelez|envoie|envoyez)-(?:moi|nous)",
        "retour",
    ),
    urgent=phrases(
        "urgente?s?",
        "urgence",
        "dès que possible",
        "au plus vite",
        "immédiatement",
        "sans délai",
        "aussi vite que possible",
    ),
    overdue=phrases(
        "impayée?s?",
        "mise en demeure",
        "majoration",
        "pénalités?",
        "(?:dernier|deuxième|second) rappel",
        "(?:retard|défaut) de paiement",
        "relance",
        "sera (?:suspendue?|résiliée?|supprimée?|coupée?)",
        "huissier",
    ),
    official=phrases("tribunal", "convocation", "convoquée?s?", "amende", "huissier", "obligatoire", "mise en demeure"),
    security=phrases(
        "connexion (?:suspecte|inhabituelle)",
        "nouvelle connexion",
        "appareil inconnu",
        "activité suspecte",
        "fuite de données",
        "non autorisée?",
    ),
    bulk=phrases(
        "désabonner",
        "désabonnement",
        "désinscrire",
        "lettre d'information",
        "dans votre navigateur",
        "ne plus recevoir",
        r"\d+ ?% de (?:réduction|remise)",
        "code promo",
    ),
    marketing=phrases(
        "gratuit\\w*",
        "sans engagement",
        "offres? (?:spéciales?|exclusives?)",
        "exclusi\\w+",
        "profitez",
        "remise",
        "promo\\w*",
        "économisez",
        "devis gratuit",
    ),
    automatic=phrases(
        "(?:message|courriel|e-?mail) automatique",
        "générée? automatiquement",
        "ne pas (?:y )?répondre",
    ),
    away=phrases("réponse automatique", "absen(?:ce|te?) du bureau", "message d'absence"),
    transaction=phrases(
        "(?:votre|vos) (?:\\w+ )?(?:commande|facture|réservation|billets?|compte|abonnement|remboursement|colis|"
        "contrat|avis|mot de passe)",
        "confirmation de (?:votre )?commande",
        "remboursement effectué",
        "conditions (?:générales|d'utilisation)",
        "politique de confidentialité",
        "merci pour votre (?:commande|achat|réservation)",
    ),
    courtesy=phrases(
        "bonjour|bonsoir|salut|coucou|chère?s?|mes chéris|madame|monsieur|cordialement|bien cordialement|amicalement|"
        "bises|bisous|à bientôt|merci d'avance|bien à vous|sincères salutations|votre \\w+"
    ),
    labels={
        "invoice": phrases("factures?", "montant à payer", "à payer", "taxe", "impôts?"),
        "receipt": phrases("reçu", "remboursement", "paiement effectué"),
        "statement": phrases("relevé", "attestation", "avis"),
        "invitation": phrases("invitation", "invitée?s?", "nous nous marions", "mariage", "faire-part"),
        "travel": phrases("billets?", "train", "vol", "hôtel", "départ", "réservation"),
        "shipping": phrases("colis", "livraison", "expédiée?", "numéro de suivi"),
        "contract": phrases("contrat", "devis", "résili\\w+"),
        "account": phrases("mot de passe", "compte", "abonnement"),
        "order": phrases("commande"),
        "appointment": phrases("rendez-vous", "inscription"),
        "undelivered": phrases("non distribuée?", "n'a pas pu être remis"),
    },
    due=(
        r"avant(?: le| la| ce)?|jusqu'au|jusqu'à|d'ici(?: le| au| à)?|au plus tard(?: le)?|(?:date )?limite(?: de \w+)?"
        r"(?: est| :|:)?(?: le| au)?|échéance(?: est| :|:)?(?: le| au)?|à payer(?: pour)? le|expire le|"
        r"(?:clôture|fin) le"
    ),
    due_after=r"au plus tard|dernier délai|est la date limite",
    same_day=r"aujourd'hui|demain|après-demain|ce soir",
    weekdays=r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    months=(
        r"janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
        r"janv|févr|avr|juil|sept|oct|nov|déc"
    ),
    this_week=r"cette semaine",
    week_end=r"(?:la )?fin de (?:la|cette) semaine",
    month_end=r"(?:la )?fin (?:du|de ce) mois",
    ahead=r"(?:dans(?: un délai de)?|sous) \d{1,2} (?:jours?|semaines?)",
)
