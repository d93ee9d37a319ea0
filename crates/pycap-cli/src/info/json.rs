//! The report as a JSON object. The README has the keys.

use pycap_capture::{Interface, Timestamp};
use serde_json::{Value, json};

use super::{OfInterface, Report, Section};

/// All that is known.
pub(super) fn object(report: &Report) -> Value {
    let Report { counts, times, .. } = report;
    let (major, minor) = report.version;
    let link_types: Vec<_> = report
        .link_types()
        .map(|(link_type, packets)| {
            json!({ "name": link_type.name(), "number": link_type.0, "packets": packets })
        })
        .collect();
    json!({
        "file": report.path.to_string_lossy(),
        "format": report.format.to_string(),
        "version": format!("{major}.{minor}"),
        "byte_order": report.byte_order.to_string(),
        "compression": report.compression.map(|compression| compression.to_string()),
        "link_types": link_types,
        "file_size": report.file_size,
        "packets": report.packets,
        "packets_cut": report.cut,
        "data_size": report.data,
        "captured_size": report.captured,
        "earliest": time(times.earliest),
        "latest": time(times.latest),
        "duration": time(times.duration_nanos().map(Timestamp::from_nanos)),
        "packets_without_time": times.without,
        "in_order": times.in_order(),
        "byte_rate": report.rate(report.data),
        "packet_rate": report.rate(report.packets),
        "mean_packet_size": report.mean_size(),
        "sections": report.sections.iter().map(section).collect::<Vec<_>>(),
        "interfaces": report.interfaces.iter().map(|(interface, of)| one(interface, of)).collect::<Vec<_>>(),
        "comments": counts.comments,
        "names": counts.names,
        "secrets": counts.secrets,
        "custom_blocks": counts.custom,
        "other_blocks": counts.other,
        "packets_with_drop_count": counts.with_drops,
        "drop_count": counts.drops,
        "damage": report.damage.as_ref().map(ToString::to_string),
    })
}

/// With nine digits behind the point, as text: no float holds them.
fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn section(section: &Section) -> Value {
    let Section { hardware, os, application, comments } = section;
    json!({ "hardware": hardware, "os": os, "application": application, "comments": comments })
}

fn one(interface: &Interface, of: &OfInterface) -> Value {
    let statistics = of.last.as_ref().map(|last| {
        json!({
            "start": time(last.start),
            "end": time(last.end),
            "received_by_interface": last.received_by_interface,
            "dropped_by_interface": last.dropped_by_interface,
            "accepted_by_filter": last.accepted_by_filter,
            "dropped_by_system": last.dropped_by_system,
            "delivered": last.delivered,
        })
    });
    json!({
        "section": interface.section(),
        "id": interface.id(),
        "name": interface.name(),
        "description": interface.description(),
        "link_type": interface.link_type().name(),
        "link_type_number": interface.link_type().0,
        "snaplen": interface.snaplen(),
        "time_precision": interface.timestamp_resolution().to_string(),
        "time_offset": interface.timestamp_offset(),
        "fcs_len": interface.fcs_len(),
        "filter": interface.filter(),
        "os": interface.os(),
        "hardware": interface.hardware(),
        "speed": of.speed,
        "comments": of.comments,
        "packets": of.packets,
        "statistics_blocks": of.statistics,
        "statistics": statistics,
    })
}
