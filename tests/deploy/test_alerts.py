"""Each alert rings for what it is there for, none rings where all is well, and each is explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deploy.prometheus import OWN_LABELS, Line, Served, labels_of, metrics_of, promtool, ringing
from tests.deploy.rendering import DEPLOY, rendered
from tests.deploy.test_board import RARE

pytestmark = pytest.mark.timeout(400)

RULES = DEPLOY / "alerts.yml"
EXPRESSIONS: Mapping[str, str] = dict(
    re.findall(r"- alert: (\w+)\n(?: +#.*\n)? +expr: (.*)\n", RULES.read_text("utf-8"))
)

STEADY = "+0x120"
TROUBLE: Mapping[str, list[tuple[str, str]]] = {
    "WaslaMonitorSilent": [('up{job="wasla"}', "0" + STEADY)],
    "WaslaNotDelivering": [("wasla_ready", "0" + STEADY)],
    "WaslaDatabaseDown": [("wasla_monitor_database_up", "0" + STEADY)],
    "WaslaNobodyLeads": [('wasla_leading{process="a"}', "0" + STEADY), ('wasla_leading{process="b"}', "0" + STEADY)],
    "WaslaSlow": [
        ('wasla_probe_seconds_bucket{hop="total",le="0.25"}', "0+1x120"),
        ('wasla_probe_seconds_bucket{hop="total",le="0.5"}', "0+2x120"),
        ('wasla_probe_seconds_bucket{hop="total",le="+Inf"}', "0+2x120"),
    ],
    "WaslaGatewayBehind": [("wasla_events_behind", "5001" + STEADY)],
    "WaslaClientsLeft": [("wasla_clients", "100+0x105 40+0x20")],
    "WaslaCaptureFailed": [("wasla_capture_failures_total", "0+0x100 1+0x20")],
    "WaslaRowsMarked": [("wasla_rows_marked_total", "0+0x100 1+0x20")],
    "WaslaClientsReload": [('wasla_resyncs_total{reason="position_expired"}', "_x100 500+0x20")],
    "WaslaNewEpoch": [("wasla_epoch_changes_total", "0+0x100 1+0x20")],
    "WaslaProcessLost": [("wasla_up", "0" + STEADY)],
    "WaslaProcessRestarts": [("wasla_process_restarts_total", "0+0x80 1+1x10 11+0x30")],
    "WaslaProcessHung": [("wasla_process_kills_total", "_x100 1+0x20")],
    "WaslaProgramGivenUp": [('wasla_program_state{state="FATAL"}', "1" + STEADY)],
    "WaslaLoopHeld": [("wasla_loop_lag_seconds", "0.3" + STEADY)],
    "WaslaLineUnwell": [('wasla_line_state{state="silent"}', "1" + STEADY)],
    "WaslaBusLoses": [("wasla_gaps_total", "0+0x100 1+1x20")],
    "WaslaStreamUnreached": [("wasla_stream_connected", "0" + STEADY)],
    "WaslaStreamBehind": [("wasla_stream_behind_events", "1001" + STEADY)],
    "WaslaNotificationQueueFills": [("wasla_notification_queue_usage", "0.3" + STEADY)],
    # Time begins at 0 there.
    "WaslaCertificateEnds": [("wasla_tls_certificate_not_after_seconds", "1211000" + STEADY)],
    "WaslaGatewayNearlyFull": [("wasla_connections", "16001" + STEADY)],
    "WaslaFilesNearlyUsedUp": [
        ('process_open_fds{process="a"}', "900" + STEADY),
        ('process_max_fds{process="a"}', "1000" + STEADY),
    ],
    "WaslaLimitReached": [('wasla_limits_reached_total{reason="messages"}', "0+30x120")],
    "WaslaStrangersAtTheDoor": [('wasla_closes_total{code="4501"}', "0+30x120")],
    "WaslaBusRefused": [('wasla_bus_refused{reason="other_key"}', "0+0x100 1+1x20")],
}
"""What Prometheus has seen for half an hour, a sample every 15 seconds, when each rings."""

LEADING = [("wasla_leading", "1" + STEADY)]


def lines(series: list[tuple[str, str]]) -> list[Line]:
    return [{"series": name, "values": values} for name, values in series]


def test_prometheus_takes_the_files(tmp_path: Path) -> None:
    assert f"{len(EXPRESSIONS)} rules found" in promtool("check", "rules", RULES)
    places = {"/etc/prometheus/alerts.yml": str(RULES), "/etc/prometheus/wasla.key": str(tmp_path / "key")}
    (tmp_path / "key").write_text("a key\n")
    (tmp_path / "prometheus.yml").write_text(rendered("prometheus.yml", places), encoding="utf-8")
    promtool("check", "config", tmp_path / "prometheus.yml")


def test_each_rings_and_no_other(tmp_path: Path) -> None:
    worlds = [lines(TROUBLE[each] + ([] if each == "WaslaNobodyLeads" else LEADING)) for each in TROUBLE]
    found = ringing(tmp_path, worlds, RULES)
    assert dict(zip(TROUBLE, found, strict=True)) == {alert: {alert} for alert in TROUBLE}


def test_every_alert_is_tried() -> None:
    assert TROUBLE.keys() == EXPRESSIONS.keys()


def test_none_rings_where_all_is_well(metrics: Served, tmp_path: Path) -> None:
    """By what two machines serve, without what depends on how busy this one is."""
    busy = {"wasla_loop_lag_seconds", "wasla_ready", "wasla_line_state", "wasla_up", "wasla_monitor_database_up"}
    calm = [series.line() for series in metrics.series if series.name not in busy]
    assert ringing(tmp_path, [calm], RULES) == [set()]


def test_every_metric_and_label_is_served(metrics: Served) -> None:
    for alert, expression in EXPRESSIONS.items():
        assert metrics_of(expression) <= metrics.names, alert
        for label, names in labels_of(expression):
            known = {each for name in names for each in metrics.labels(name) | RARE.get(name, set())}
            assert label in known | OWN_LABELS | {"le"}, f"{alert}: {label} of {names}"


def test_every_alert_is_explained() -> None:
    explained = re.findall(r"^### (Wasla\w+)$", (DEPLOY / "alerts.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert explained == list(EXPRESSIONS)
