//! One JSON object a packet, written as the packet is walked.

use std::io::{self, Write};

use pycap_capture::{Direction, Frame, Interface};
use pycap_wire::{Error, Field, Layer, Located, Stop, Value};

use crate::fields::{self, Names};
use crate::output::Place;

/// The version of the form. It counts up when a key that was there goes, or means something else.
const SCHEMA: u32 = 1;

/// Prints packets as JSON lines. The README has the form, and `schema/packet.schema.json`.
pub(crate) struct Json {
    /// With all bytes of the packet.
    bytes: bool,
    names: Names,
}

impl Json {
    pub(crate) fn new(bytes: bool) -> Self {
        Self { bytes, names: Names::default() }
    }

    pub(crate) fn frame<W: Write>(
        &mut self,
        out: &mut W,
        place: Place<'_>,
        frame: Frame<'_>,
    ) -> io::Result<()> {
        write!(out, "{{\"schema\":{SCHEMA},\"number\":{}", place.number)?;
        if let Some(file) = place.file {
            out.write_all(b",\"file\":")?;
            text(out, &file.to_string_lossy())?;
        }
        out.write_all(b",\"timestamp\":")?;
        match frame.timestamp() {
            Some(time) => write!(out, "\"{time}\"")?,
            None => out.write_all(b"null")?,
        }
        write!(out, ",\"interface\":{}", place.interface.unwrap_or(frame.interface()))?;
        if let Some(name) = frame.interface_info().and_then(Interface::name) {
            out.write_all(b",\"interface_name\":")?;
            text(out, name)?;
        }
        out.write_all(b",\"link_type\":")?;
        match frame.link_type().name() {
            Some(name) => write!(out, "\"{name}\"")?,
            None => write!(out, "\"{}\"", frame.link_type().0)?,
        }
        write!(out, ",\"captured_len\":{},\"original_len\":{}", frame.data().len(), frame.original_len())?;
        match frame.direction() {
            Direction::Inbound => out.write_all(b",\"direction\":\"in\"")?,
            Direction::Outbound => out.write_all(b",\"direction\":\"out\"")?,
            Direction::Unknown => {}
        }
        out.write_all(b",\"layers\":[")?;
        let mut layers = frame.layers();
        let mut comma = "";
        while let Some(located) = layers.next_located() {
            out.write_all(comma.as_bytes())?;
            layer(out, &located, &mut self.names)?;
            comma = ",";
        }
        write!(
            out,
            "],\"payload\":{{\"offset\":{},\"len\":{}}}",
            layers.payload_offset(),
            layers.payload().len()
        )?;
        out.write_all(b",\"stop\":")?;
        stop(out, layers.stop().unwrap_or(Stop::End))?;
        if self.bytes {
            write!(out, ",\"bytes\":\"{}\"", Value::Bytes(frame.data()))?;
        }
        out.write_all(b"}\n")
    }
}

/// A text that anyone may have written.
fn text<W: Write>(out: &mut W, text: &str) -> io::Result<()> {
    out.write_all(crate::escape::json(&text.into()).as_bytes())
}

fn layer<W: Write>(out: &mut W, located: &Located<'_>, names: &mut Names) -> io::Result<()> {
    let Located { layer, offset, quoted } = located;
    write!(out, "{{\"layer\":\"{}\",\"offset\":{offset},\"len\":{}", layer.name(), layer.header_len())?;
    if *quoted {
        out.write_all(b",\"quoted\":true")?;
    }
    if layer.missing() > 0 {
        write!(out, ",\"missing\":{}", layer.missing())?;
    }
    out.write_all(b",\"fields\":{")?;
    let mut comma = "";
    names.each(layer, |field| {
        write!(out, "{comma}\"{}\":", field.name)?;
        comma = ",";
        if field.repeated { list(out, layer, field.name, 0) } else { value(out, &field) }
    })?;
    out.write_all(b"}")?;
    let mut start = ",\"again\":{";
    for name in names.again() {
        write!(out, "{start}\"{name}\":")?;
        list(out, layer, name, 1)?;
        start = ",";
    }
    out.write_all(if names.again().is_empty() { b"}" } else { b"}}" })
}

/// The values of all fields of this name but the first `skipped`.
fn list<W: Write>(out: &mut W, layer: &Layer<'_>, name: &str, skipped: usize) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut place = 0;
    fields::all(layer, name, |field| {
        place += 1;
        if place <= skipped {
            return Ok(());
        }
        if place > skipped + 1 {
            out.write_all(b",")?;
        }
        value(out, &field)
    })?;
    out.write_all(b"]")
}

fn value<W: Write>(out: &mut W, field: &Field<'_>) -> io::Result<()> {
    match field.value {
        Value::Uint(number) | Value::Hex(number) => write!(out, "{number}"),
        text => write!(out, "\"{text}\""),
    }
}

fn stop<W: Write>(out: &mut W, stop: Stop) -> io::Result<()> {
    let error = |out: &mut W, reason: &str, error: Error| {
        let (layer, needed, found) = (error.layer(), error.needed(), error.found());
        write!(
            out,
            "{{\"reason\":\"{reason}\",\"layer\":\"{layer}\",\"needed\":{needed},\"found\":{found},\
             \"message\":\"{error}\"}}"
        )
    };
    match stop {
        Stop::End => out.write_all(b"{\"reason\":\"end\"}"),
        Stop::Truncated(what) => error(out, "truncated", what),
        Stop::Malformed(what) => error(out, "malformed", what),
        Stop::Unknown(next) => write!(out, "{{\"reason\":\"unknown\",\"message\":\"{next}\"}}"),
        Stop::Fragment(protocol) => write!(out, "{{\"reason\":\"fragment\",\"protocol\":{}}}", protocol.0),
        Stop::DepthLimit => out.write_all(b"{\"reason\":\"depth_limit\"}"),
        other => write!(out, "{{\"reason\":\"other\",\"message\":\"{other}\"}}"),
    }
}
