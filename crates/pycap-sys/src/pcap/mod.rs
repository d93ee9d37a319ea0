//! libpcap: [`Libpcap`], the table of its functions, and its types and constants under their C names.

/// The sentences that say what callers of libpcap's functions owe.
macro_rules! contract {
    (nothing) => {
        "Nothing is asked of the caller; it is unsafe as all foreign code is."
    };
    (handle) => {
        "`p` is a handle that this library opened and that has not been closed, and no other thread \
         uses it meanwhile but in `pcap_breakloop`."
    };
    (dumper) => {
        "`dumper` came from one of this library's `pcap_dump_*open*` functions, has not been closed, \
         and no other thread uses it meanwhile."
    };
    (errbuf) => {
        "`errbuf` points to `PCAP_ERRBUF_SIZE` bytes that may be written."
    };
    (device) => {
        "`device` points to a string that ends in a zero byte, or is null for all interfaces together \
         (Linux: \"any\")."
    };
    (filename) => {
        "`filename` points to a string that ends in a zero byte."
    };
    (name) => {
        "`name` points to a string that ends in a zero byte."
    };
    (file) => {
        "`file` is an open `FILE` of the C library that libpcap uses; from success on it belongs to the \
         handle, which closes it."
    };
    (callback) => {
        "`callback` is sound to call with `user`, a header and that header's `caplen` bytes; it keeps \
         neither pointer after it returns, does not unwind and does not close `p`."
    };
    (borrowed) => {
        "What is returned belongs to `p`: it is read only until the next call with `p`."
    };
    (program) => {
        "`program` points to a program that this library compiled and that has not been freed, or to as \
         many valid instructions as its `bf_len` says."
    };
    (statics) => {
        "What is returned is the library's own and may be overwritten by the next call of the same \
         function, in any thread."
    };
    (string) => {
        "What is returned is a constant string of the library, or null: it is never freed or written."
    };
    (results) => {
        "Every pointer to a result points to memory that may be written."
    };
    (allocated) => {
        "What is returned is freed with the `free` of the C library that libpcap uses."
    };
    (packet) => {
        "`header` points to a header, and `bytes` to as many bytes as its `caplen` says."
    };
    (queue) => {
        "`queue` came from `pcap_sendqueue_alloc`, has not been destroyed, and no other thread uses it \
         meanwhile."
    };
    (new_program) => {
        "`program` points to a `bpf_program` that may be written; what it holds after success goes to \
         `pcap_freecode`."
    };
    (expression) => {
        "`expression` points to a string that ends in a zero byte, or is null, which matches all."
    };
    (source) => {
        "`source` points to a string that ends in a zero byte."
    };
    (auth) => {
        "`auth` is null or points to a `pcap_rmtauth` whose strings end in a zero byte or are null."
    };
    (accept) => {
        "`address` and `hostlist` are null or, as `port`, point to a string that ends in a zero byte; \
         `connectinghost` points to `RPCAP_HOSTLIST_SIZE` bytes that may be written."
    };
    (windows_file) => {
        "`file` is an open handle from `_get_osfhandle`; from success on it belongs to libpcap, which \
         closes it."
    };
    ($text:literal) => {
        $text
    };
}

mod constants;
mod devices;
pub(crate) mod dlt;
mod filter;
mod handle;
mod packets;
mod platform;
mod types;

use std::ffi::OsStr;
use std::ffi::OsString;
use std::sync::OnceLock;

use crate::load::{Candidate, Symbols, Wanted};
use crate::{Function, LoadError};

pub use constants::*;
pub use dlt::*;
pub use types::*;

/// The functions of libpcap, each a method of the same name.
///
/// A function that not every libpcap since 1.5 has on every platform returns an `Option`: `None` if this one
/// lacks it.
#[derive(Debug)]
pub struct Libpcap {
    handle: handle::Table,
    devices: devices::Table,
    packets: packets::Table,
    filter: filter::Table,
    platform: platform::Table,
    name: Option<OsString>,
    // Last, as the pointers above point into it.
    _library: Symbols,
}

impl Libpcap {
    /// libpcap, loaded by the first call that succeeds and kept until the program ends.
    ///
    /// Tried are: on Unix `libpcap.so.1`, `libpcap.so.0.8` and `libpcap.so`; on macOS `libpcap.A.dylib` and
    /// `libpcap.dylib`; on Windows Npcap's own folder, then `wpcap.dll`. A path in the environment variable
    /// `PYCAP_LIBPCAP` is tried first and only, unless the program runs with raised rights (set-user-ID, file
    /// capabilities). With the feature `linked-libpcap` it is the library that the program is linked with.
    ///
    /// # Errors
    ///
    /// None of these is there, or those that are lack functions that libpcap has since 1.5.
    pub fn load() -> Result<&'static Self, LoadError> {
        static LOADED: OnceLock<Libpcap> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded);
        }
        let loaded = load()?;
        Ok(LOADED.get_or_init(|| loaded))
    }

    /// The name or path that the library was loaded by; `None` if the program is linked with it.
    pub fn name(&self) -> Option<&OsStr> {
        self.name.as_deref()
    }

    /// What the library says of its version, such as `libpcap version 1.10.3 (with TPACKET_V3)`.
    pub fn version(&self) -> String {
        // SAFETY: the function asks nothing of its caller.
        let text = unsafe { self.pcap_lib_version() };
        if text.is_null() {
            return String::new();
        }
        // SAFETY: libpcap's text ends in a null byte and stays for as long as the library is loaded.
        unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }

    /// Whether this libpcap has the function of this name (`pcap_...` or `bpf_...`).
    pub fn has(&self, function: &str) -> bool {
        None.or_else(|| self.handle.has(function))
            .or_else(|| self.devices.has(function))
            .or_else(|| self.packets.has(function))
            .or_else(|| self.filter.has(function))
            .or_else(|| self.platform.has(function))
            .unwrap_or(false)
    }

    /// The prototypes of all functions.
    pub fn functions() -> impl Iterator<Item = &'static Function> {
        [handle::FUNCTIONS, devices::FUNCTIONS, packets::FUNCTIONS, filter::FUNCTIONS, platform::FUNCTIONS]
            .into_iter()
            .flatten()
    }

    fn new(library: Symbols, name: Option<&OsStr>) -> Result<Self, &'static str> {
        Ok(Self {
            handle: handle::Table::new(&library)?,
            devices: devices::Table::new(&library)?,
            packets: packets::Table::new(&library)?,
            filter: filter::Table::new(&library)?,
            platform: platform::Table::new(&library)?,
            name: name.map(OsStr::to_owned),
            _library: library,
        })
    }
}

#[cfg_attr(feature = "linked-libpcap", allow(dead_code))]
const WANTED: Wanted = Wanted {
    library: "libpcap",
    variable: "PYCAP_LIBPCAP",
    candidates,
    install: if cfg!(windows) {
        "install Npcap (https://npcap.com)"
    } else if cfg!(target_os = "macos") {
        "take macOS's own libpcap, or `brew install libpcap` and name it in PYCAP_LIBPCAP"
    } else {
        "install libpcap: `apt install libpcap0.8` (Debian, Ubuntu), `dnf install libpcap` (Fedora), \
         `pacman -S libpcap` (Arch), `apk add libpcap` (Alpine)"
    },
};

fn candidates() -> Vec<Candidate> {
    if cfg!(windows) {
        let mut candidates = Vec::new();
        if let Some(root) = std::env::var_os("SystemRoot") {
            let mut path = std::path::PathBuf::from(root);
            path.extend(["System32", "Npcap", "wpcap.dll"]);
            candidates.push(Candidate { name: path.into(), own_folder: true });
        }
        candidates.push(Candidate::new("wpcap.dll"));
        candidates
    } else if cfg!(target_vendor = "apple") {
        // Since macOS 11 system libraries are no files; the loader knows them by their path all the same.
        let names = ["libpcap.A.dylib", "libpcap.dylib", "/usr/lib/libpcap.A.dylib"];
        names.into_iter().map(Candidate::new).collect()
    } else {
        ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so"].into_iter().map(Candidate::new).collect()
    }
}

#[cfg(not(feature = "linked-libpcap"))]
fn load() -> Result<Libpcap, LoadError> {
    WANTED.load(|library, name| {
        Libpcap::new(library, Some(name))
            .map_err(|missing| format!("it lacks {missing}, so it is not libpcap 1.5 or newer"))
    })
}

#[cfg(feature = "linked-libpcap")]
fn load() -> Result<Libpcap, LoadError> {
    let library = Symbols::of_program(cfg!(libpcap_static), "wpcap.dll");
    match Libpcap::new(library, None) {
        Ok(linked) => Ok(linked),
        Err(missing) => unreachable!("{missing} is required, so the linker has found it"),
    }
}
