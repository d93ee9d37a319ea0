//! Domain names as they stand in ICMP messages: labels with a length byte each, ended by an empty one (RFC 1035, 3.1).

use crate::BuildError;

/// The longest label in bytes (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// The longest name in bytes, with its length bytes.
const MAX_NAME: usize = 255;

/// The name's bytes on the wire; `layer` is named in the error.
pub(super) fn encode(layer: &'static str, name: &str) -> Result<Vec<u8>, BuildError> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        if label.len() > MAX_LABEL {
            return Err(BuildError::too_long(layer, "limit of a label", label.len(), MAX_LABEL));
        }
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() > MAX_NAME {
        return Err(BuildError::too_long(layer, "limit of a domain name", bytes.len(), MAX_NAME));
    }
    Ok(bytes)
}
