"""KSeF's own words for its codes (docs/ksef.md A1): what the simulator says."""

from __future__ import annotations

FAILED = "Uwierzytelnianie zakończone niepowodzeniem"
INCIDENT = (
    "Podejrzenie incydentu bezpieczeństwa. Skontaktuj się z Ministerstwem Finansów "
    "przez formularz zgłoszeniowy."
)
INTERRUPTED = "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie"
REVOKED_BY_USER = (
    "Uwierzytelnienie i powiązane refresh tokeny zostały unieważnione przez użytkownika"
)

AUTH_STATUS: dict[int, tuple[str, tuple[str, ...]]] = {
    100: ("Uwierzytelnianie w toku", ()),
    200: ("Uwierzytelnianie zakończone sukcesem", ()),
    415: (FAILED, ("Brak przypisanych uprawnień",)),
    425: ("Uwierzytelnienie unieważnione", (REVOKED_BY_USER,)),
    450: (f"{FAILED} z powodu błędnego tokenu", ("Nieprawidłowy token",)),
    460: (f"{FAILED} z powodu błędu certyfikatu", ("Nieważny certyfikat",)),
    470: (FAILED, ("Próba wykorzystania metod autoryzacyjnych osoby zmarłej",)),
    480: ("Uwierzytelnienie zablokowane", (INCIDENT,)),
    500: ("Nieznany błąd", ()),
    550: ("Operacja została anulowana przez system", (INTERRUPTED,)),
}

ENROLLMENT_STATUS: dict[int, tuple[str, tuple[str, ...]]] = {
    100: ("Wniosek przyjęty do realizacji", ()),
    200: ("Wniosek obsłużony (certyfikat wygenerowany)", ()),
    400: ("Wniosek odrzucony", ("Osiągnięto dopuszczalny limit posiadanych certyfikatów.",)),
    500: ("Nieznany błąd", ()),
    550: ("Operacja została anulowana przez system", (INTERRUPTED,)),
}
PERMISSION_STATUS: dict[int, tuple[str, tuple[str, ...]]] = {
    100: ("Operacja przyjęta do realizacji", ()),
    200: ("Operacja zakończona sukcesem", ()),
    400: ("Operacja zakończona niepowodzeniem", ()),
    410: ("Podane identyfikatory są niezgodne lub pozostają w niewłaściwej relacji", ()),
    420: ("Użyte poświadczenia nie mają uprawnień do wykonania tej operacji", ()),
    430: ("Kontekst identyfikatora nie odpowiada wymaganej roli lub uprawnieniom", ()),
    440: ("Operacja niedozwolona dla wskazanych powiązań identyfikatorów", ()),
    450: ("Operacja niedozwolona dla wskazanego identyfikatora lub jego typu", ()),
    500: ("Nieznany błąd", ()),
    550: ("Operacja została anulowana przez system", (f"{INTERRUPTED} później.",)),
}
KEY_OF_ANOTHER = "Klucz publiczny został już certyfikowany przez inny podmiot."

REFUSALS: dict[int, str] = {
    9101: "Nieprawidłowy dokument.",
    9102: "Brak podpisu.",
    9103: "Przekroczona liczba dozwolonych podpisów.",
    9104: "Niewystarczająca liczba wymaganych podpisów.",
    9105: "Nieprawidłowy podpis.",
    21001: "Nieczytelna treść.",
    21111: "Nieprawidłowe wyzwanie autoryzacyjne.",
    21115: "Nieprawidłowy certyfikat.",
    21117: "Nieprawidłowy identyfikator podmiotu dla wskazanego typu kontekstu.",
    21155: "Przekroczono dozwoloną liczbę faktur w sesji.",
    21164: "Faktura o podanym identyfikatorze nie istnieje.",
    21173: "Brak sesji o wskazanym numerze referencyjnym.",
    21178: "Nie znaleziono UPO dla podanych kryteriów.",
    21180: "Status sesji nie pozwala na wykonanie operacji.",
    21184: "Sesja tymczasowo niedostępna.",
    21217: "Nieprawidłowe kodowanie znaków.",
    21301: "Brak autoryzacji.",
    21304: "Brak uwierzytelnienia.",
    21308: "Próba wykorzystania metod autoryzacyjnych osoby zmarłej.",
    21401: "Dokument nie jest zgodny ze schemą (xsd).",
    21402: "Nieprawidłowy rozmiar pliku.",
    21403: "Nieprawidłowy skrót pliku.",
    21405: "Błąd walidacji danych wejściowych.",
    21406: "Konflikt podpisu i typu uwierzytelnienia.",
    21418: "Przekazany token kontynuacji ma nieprawidłowy format.",
    21470: "Przesłany identyfikator klucza jest nieznany lub wskazuje na wycofany klucz.",
    25001: "Brak możliwości pobrania danych do CSR dla wykorzystanego sposobu uwierzytelnienia.",
    25002: (
        "Brak możliwości złożenia wniosku certyfikacyjnego dla wykorzystanego sposobu "
        "uwierzytelnienia."
    ),
    25003: "Dane w CSR nie zgadzają się z danymi w użytym wektorze uwierzytelniającym.",
    25004: "Niepoprawny format CSR lub niepoprawny podpis CSR.",
    25005: "Wniosek certyfikacyjny o podanym numerze referencyjnym nie istnieje.",
    25006: "Osiągnięto limit możliwych do złożenia wniosków certyfikacyjnych.",
    25007: "Osiągnięto limit dopuszczalnej liczby posiadanych certyfikatów.",
    25008: "Certyfikat o podanym numerze seryjnym nie istnieje.",
    25009: (
        "Nie można odwołać wskazanego certyfikatu, ponieważ jest już odwołany, zablokowany "
        "lub nieważny."
    ),
    25010: "Nieprawidłowy typ lub długość klucza.",
    25011: "Nieprawidłowy algorytm podpisu CSR.",
    26001: "Nie można nadać tokenowi uprawnień których nie posiadasz.",
    26002: "Nie można wygenerować tokena dla obecnego typu kontekstu.",
    30001: "Podmiot lub uprawnienie już istnieje.",
}

METHODS: dict[str, tuple[str, str, str]] = {
    "TrustedProfile": ("XadesSignature", "xades.trusted-profile", "Profil zaufany"),
    "QualifiedSignature": ("XadesSignature", "xades.qualified-signature", "Podpis kwalifikowany"),
    "QualifiedSeal": ("XadesSignature", "xades.qualified-seal", "Pieczęć kwalifikowana"),
    "PersonalSignature": ("XadesSignature", "xades.personal-signature", "Podpis osobisty"),
    "InternalCertificate": ("XadesSignature", "xades.ksef-certificate", "Certyfikat KSeF"),
    "Token": ("Token", "token.ksef", "Token KSeF"),
}

FORBIDDEN: dict[str, str] = {
    "missing-permissions": "Brak wymaganych uprawnień do wykonania operacji w bieżącym kontekście.",
    "ip-not-allowed": "Żądanie pochodzi z adresu IP innego niż wskazany podczas uwierzytelnienia.",
    "insufficient-resource-access": "Brak dostępu do wskazanego zasobu.",
    "auth-method-not-allowed": (
        "Ta operacja nie jest dostępna dla użytej metody uwierzytelnienia."
    ),
    "security-service-blocked": ("Żądanie zostało zablokowane przez mechanizmy bezpieczeństwa."),
    "context-type-not-allowed": (
        "Operacja nie jest dostępna dla uwierzytelnionego typu kontekstu."
    ),
}

INCIDENT_NUMBER = "786000000000000000-1234567890"

#: Members of ``security`` by reason (KSeF's contract, ForbiddenProblemDetails), for faults.
SECURITY: dict[str, dict[str, object]] = {
    "missing-permissions": {"requiredAnyOfPermissions": ["InvoiceWrite"], "presentPermissions": []},
    "ip-not-allowed": {"clientIp": "192.0.2.1"},
    "auth-method-not-allowed": {"authenticationMethodCategory": "Token"},
    "security-service-blocked": {"incidentId": "20260429-INC-1", "clientIp": "192.0.2.1"},
    "context-type-not-allowed": {"contextIdentifierType": "InternalId"},
}
