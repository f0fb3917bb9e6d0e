"""What every test may use; the plug-ins in tests/plugins say how."""

pytest_plugins = [
    "tests.plugins.database",
    "tests.plugins.polling",
    "tests.plugins.broker",
    "tests.plugins.browser",
    "tests.plugins.order",
    "tests.plugins.processes",
    "tests.plugins.properties",
    "tests.plugins.requirements",
    "tests.plugins.tally",
]
