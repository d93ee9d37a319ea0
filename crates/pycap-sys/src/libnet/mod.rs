//! libnet: [`Libnet`], the table of its functions, and its types and constants under their C names.

/// The sentences that say what callers of libnet's functions owe.
macro_rules! contract {
    (nothing) => {
        "Nothing is asked of the caller; it is unsafe as all foreign code is."
    };
    (context) => {
        "`l` is a context from `libnet_init` that has not been destroyed, and no other thread uses it \
         meanwhile."
    };
    (payload) => {
        "`payload` points to `payload_s` bytes that may be read, fewer than 2^31, or is null and `payload_s` \
         is 0."
    };
    (borrowed) => {
        "What is returned belongs to `l`: it is read only until the next call with `l`."
    };
    (statics) => {
        "What is returned is the library's own and may be overwritten by the next call of the same \
         function, in any thread."
    };
    (string) => {
        "What is returned is a constant string of the library: it is never freed or written."
    };
    (packet_s) => {
        "`packet` points to `packet_s` bytes that may be read."
    };
    (sized) => {
        "`packet` points to `size` bytes that may be read."
    };
    (queue) => {
        "No other thread is in the functions of the queue (`libnet_cq_*`), which the whole program has \
         one of."
    };
    (label) => {
        "`label` points to a string that ends in a zero byte; it is not written."
    };
    (port_list) => {
        "`plist` came from `libnet_plist_chain_new`, has not been freed, and no other thread is in the \
         functions of port lists."
    };
    (value) => {
        "`value` points to `value_s` bytes, at least one, that may be read."
    };
    (block) => {
        "`p` is a block of the packet that this context has now."
    };
    (block_returned) => {
        "What is returned belongs to `l`: it is used only until the block is deleted or the packet \
         cleared."
    };
    (asn1) => {
        "`data` points to as many bytes that may be written as `datalen` points to says; that number \
         may be written too."
    };
    ($text:literal) => {
        $text
    };
}

mod application;
mod asn1;
mod blocks;
pub(crate) mod constants;
pub(crate) mod headers;
mod link;
mod names;
mod network;
mod session;
mod types;

use std::ffi::{CStr, OsStr, OsString};
use std::sync::OnceLock;

use crate::load::{Candidate, Symbols, Wanted};
use crate::{Function, LoadError};

pub use constants::*;
pub use types::*;

/// The functions of libnet, each a method of the same name.
///
/// A function that only newer versions have, or that only 1.1.6 is sure to export, returns an `Option`:
/// `None` if this libnet lacks it.
///
/// Builders are called for the last part of a packet first. With a tag of 0 they append a block; with the tag
/// of a block of that kind they change it.
///
/// Numbers are given in host byte order and IPv4 addresses in network byte order. In host byte order are also
/// the addresses of DHCP and BGP, the mask of ICMP, and the advertising router and the masks of OSPF's link
/// states.
#[derive(Debug)]
pub struct Libnet {
    session: session::Table,
    names: names::Table,
    link: link::Table,
    network: network::Table,
    application: application::Table,
    asn1: asn1::Table,
    blocks: blocks::Table,
    name: Option<OsString>,
    // Last, as the pointers above point into it.
    _library: Symbols,
}

impl Libnet {
    /// libnet, loaded by the first call that succeeds and kept until the program ends.
    ///
    /// Tried are: on Unix `libnet.so.1` (1.1), `libnet.so.9` (1.2 and above) and `libnet.so`; on macOS the
    /// same as `.dylib`; on Windows `libnet.dll`. Other libraries have these names too, so what does not call
    /// itself libnet is refused. A path in the environment variable `PYCAP_LIBNET` is tried first and only,
    /// unless the program runs with raised rights (set-user-ID, file capabilities). With the feature
    /// `linked-libnet` it is the library that the program is linked with.
    ///
    /// # Errors
    ///
    /// None of these is there, or those that are are not libnet 1.1.6 or newer.
    pub fn load() -> Result<&'static Self, LoadError> {
        static LOADED: OnceLock<Libnet> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded);
        }
        let loaded = load()?;
        Ok(LOADED.get_or_init(|| loaded))
    }

    /// What the library says of its version, such as `libnet version 1.1.6`.
    pub fn version(&self) -> String {
        // SAFETY: the function asks nothing of its caller.
        let text = unsafe { self.libnet_version() };
        if text.is_null() {
            return String::new();
        }
        // SAFETY: libnet's text ends in a null byte and stays for as long as the library is loaded.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }

    /// The name or path that the library was loaded by; `None` if the program is linked with it.
    pub fn name(&self) -> Option<&OsStr> {
        self.name.as_deref()
    }

    /// Whether this libnet has the function of this name (`libnet_...`).
    pub fn has(&self, function: &str) -> bool {
        None.or_else(|| self.session.has(function))
            .or_else(|| self.names.has(function))
            .or_else(|| self.link.has(function))
            .or_else(|| self.network.has(function))
            .or_else(|| self.application.has(function))
            .or_else(|| self.asn1.has(function))
            .or_else(|| self.blocks.has(function))
            .unwrap_or(false)
    }

    /// The prototypes of all functions.
    pub fn functions() -> impl Iterator<Item = &'static Function> {
        [
            session::FUNCTIONS,
            names::FUNCTIONS,
            link::FUNCTIONS,
            network::FUNCTIONS,
            application::FUNCTIONS,
            asn1::FUNCTIONS,
            blocks::FUNCTIONS,
        ]
        .into_iter()
        .flatten()
    }

    fn new(library: Symbols, name: Option<&OsStr>) -> Result<Self, &'static str> {
        Ok(Self {
            session: session::Table::new(&library)?,
            names: names::Table::new(&library)?,
            link: link::Table::new(&library)?,
            network: network::Table::new(&library)?,
            application: application::Table::new(&library)?,
            asn1: asn1::Table::new(&library)?,
            blocks: blocks::Table::new(&library)?,
            name: name.map(OsStr::to_owned),
            _library: library,
        })
    }
}

#[cfg_attr(feature = "linked-libnet", allow(dead_code))]
const WANTED: Wanted = Wanted {
    library: "libnet",
    variable: "PYCAP_LIBNET",
    candidates,
    install: if cfg!(windows) {
        "put libnet.dll (https://github.com/libnet/libnet) into the system's folder, or name it in PYCAP_LIBNET"
    } else if cfg!(target_os = "macos") {
        "install libnet: `brew install libnet`"
    } else {
        "install libnet: `apt install libnet1` or `apt install libnet9` (Debian, Ubuntu), \
         `dnf install libnet` (Fedora), `pacman -S libnet` (Arch), `apk add libnet` (Alpine)"
    },
};

fn candidates() -> Vec<Candidate> {
    let names: &[&str] = if cfg!(windows) {
        &["libnet.dll"]
    } else if cfg!(target_vendor = "apple") {
        // Homebrew's and MacPorts' folders are not on the loader's path.
        &[
            "libnet.9.dylib",
            "libnet.1.dylib",
            "libnet.dylib",
            "/opt/homebrew/lib/libnet.dylib",
            "/usr/local/lib/libnet.dylib",
            "/opt/local/lib/libnet.dylib",
        ]
    } else {
        &["libnet.so.1", "libnet.so.9", "libnet.so"]
    };
    names.iter().map(Candidate::new).collect()
}

#[cfg(not(feature = "linked-libnet"))]
fn load() -> Result<Libnet, LoadError> {
    WANTED.load(accept)
}

#[cfg(feature = "linked-libnet")]
fn load() -> Result<Libnet, LoadError> {
    let library = Symbols::of_program(cfg!(libnet_static), "libnet.dll");
    match Libnet::new(library, None) {
        Ok(linked) => Ok(linked),
        Err(missing) => unreachable!("{missing} is required, so the linker has found it"),
    }
}

/// Takes a library that says that it is libnet, and has the functions of 1.1.6.
#[cfg_attr(feature = "linked-libnet", allow(dead_code))]
fn accept(library: Symbols, name: &OsStr) -> Result<Libnet, String> {
    // SAFETY: nothing else that is called libnet has a function of this name, and libnet's has this type.
    let version =
        unsafe { library.get::<unsafe extern "C" fn() -> *const std::ffi::c_char>("libnet_version\0") };
    let version = version.ok_or("it lacks libnet_version, so it is another library of this name")?;
    // SAFETY: libnet_version asks nothing of its caller.
    let version = unsafe { version() };
    if version.is_null() {
        return Err("its libnet_version is null, so it is another library of this name".into());
    }
    // SAFETY: it returns a constant string that ends in a zero byte.
    let version = unsafe { CStr::from_ptr(version) }.to_string_lossy().into_owned();
    if !version.starts_with("libnet version 1.") {
        return Err(format!("it calls itself {version:?}, not \"libnet version 1...\""));
    }
    Libnet::new(library, Some(name))
        .map_err(|missing| format!("it lacks {missing}, so it is older than libnet 1.1.6: {version:?}"))
}
