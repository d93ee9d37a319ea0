//! Finding a library when the program runs, and the error that says why there is none.

use std::ffi::{OsStr, OsString};
use std::fmt;

use libloading::Library;

/// Why a library could not be loaded: every name that was tried with its reason, and what to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    library: &'static str,
    /// The environment variable that named the only one to try.
    variable: Option<&'static str>,
    attempts: Vec<Attempt>,
    install: &'static str,
}

/// One name or path under which a library was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    name: OsString,
    reason: String,
}

impl LoadError {
    /// The library that was looked for: `libpcap` or `libnet`.
    pub fn library(&self) -> &'static str {
        self.library
    }

    /// Everything that was tried, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What to install, on one line.
    pub fn install(&self) -> &'static str {
        self.install
    }
}

impl Attempt {
    /// The name or path that was given to the system's loader.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// What the loader, or the check of what it had loaded, said against it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What to do first; what the system's loader has to say is long, and comes last.
        match self.variable {
            Some(variable) => write!(
                f,
                "correct or unset {variable}, which names no {} that can be used, or {}",
                self.library, self.install
            )?,
            None => write!(f, "{}: {} was not found", self.install, self.library)?,
        }
        for (index, attempt) in self.attempts.iter().enumerate() {
            let separator = if index == 0 { "; tried " } else { "; " };
            let name = attempt.name.display();
            // The system's message mostly begins with the name already.
            if attempt.reason.starts_with(&*attempt.name.to_string_lossy()) {
                write!(f, "{separator}{}", attempt.reason)?;
            } else {
                write!(f, "{separator}{name}: {}", attempt.reason)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// What is looked for, where, and what to say if it is not there.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// `libpcap` or `libnet`.
    pub(crate) library: &'static str,
    /// A path in this environment variable is tried first and only.
    pub(crate) variable: &'static str,
    /// Tried in this order.
    pub(crate) candidates: fn() -> Vec<Candidate>,
    /// One line.
    pub(crate) install: &'static str,
}

/// A name or path to give to the system's loader.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) name: OsString,
    /// Windows only: the libraries that this one needs stand in its own folder.
    #[cfg_attr(not(windows), allow(dead_code))]
    pub(crate) own_folder: bool,
}

impl Candidate {
    pub(crate) fn new(name: impl Into<OsString>) -> Self {
        Self { name: name.into(), own_folder: false }
    }
}

impl Wanted {
    /// The first candidate that loads and that `accept` takes, with the name that it was found by.
    #[cfg_attr(all(feature = "linked-libpcap", feature = "linked-libnet"), allow(dead_code))]
    pub(crate) fn load<T>(
        &self,
        accept: impl Fn(Symbols, &OsStr) -> Result<T, String>,
    ) -> Result<T, LoadError> {
        let Some(path) = trusted_variable(self.variable) else {
            return self.load_from((self.candidates)(), accept);
        };
        self.load_from(vec![Candidate { name: path, own_folder: true }], accept)
            .map_err(|error| LoadError { variable: Some(self.variable), ..error })
    }

    /// [`load`](Self::load) with the candidates given.
    pub(crate) fn load_from<T>(
        &self,
        candidates: Vec<Candidate>,
        accept: impl Fn(Symbols, &OsStr) -> Result<T, String>,
    ) -> Result<T, LoadError> {
        let mut attempts = Vec::new();
        for candidate in candidates {
            let result = open(&candidate).and_then(|library| accept(Symbols(Some(library)), &candidate.name));
            match result {
                Ok(loaded) => return Ok(loaded),
                Err(reason) => attempts.push(Attempt { name: candidate.name, reason }),
            }
        }
        Err(LoadError { library: self.library, variable: None, attempts, install: self.install })
    }
}

/// A library that functions can be looked up in. It is closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Symbols(Option<Library>);

impl Symbols {
    /// What the program is linked with. A static library has no symbols that could be looked up.
    #[cfg(any(feature = "linked-libpcap", feature = "linked-libnet"))]
    pub(crate) fn of_program(is_static: bool, _windows_name: &str) -> Self {
        if is_static {
            return Self(None);
        }
        #[cfg(unix)]
        let library = Some(libloading::os::unix::Library::this().into());
        #[cfg(windows)]
        let library =
            libloading::os::windows::Library::open_already_loaded(_windows_name).ok().map(Library::from);
        Self(library)
    }

    /// The pointer to the function of this name, which ends in a zero byte.
    ///
    /// # Safety
    ///
    /// `F` must be the type of a pointer to that function.
    pub(crate) unsafe fn get<F: Copy>(&self, name: &'static str) -> Option<F> {
        // SAFETY: the caller says that `F` is the type of this function.
        let symbol = unsafe { self.0.as_ref()?.get::<F>(name.as_bytes()) };
        symbol.ok().map(|symbol| *symbol)
    }
}

/// The value of an environment variable that decides which code runs: not if the program runs with more
/// rights than whoever started it, as the system's loader ignores `LD_LIBRARY_PATH` then.
fn trusted_variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    (!runs_with_raised_rights()).then_some(value)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn runs_with_raised_rights() -> bool {
    // SAFETY: getauxval reads a value that the kernel gave the process; it has no other effect.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn runs_with_raised_rights() -> bool {
    unsafe extern "C" {
        // In the C library of macOS, the BSDs and illumos.
        fn issetugid() -> libc::c_int;
    }
    // SAFETY: issetugid has no arguments and no effect.
    unsafe { issetugid() != 0 }
}

#[cfg(not(unix))]
fn runs_with_raised_rights() -> bool {
    false
}

#[cfg(unix)]
fn open(candidate: &Candidate) -> Result<Library, String> {
    use libloading::os::unix;
    // RTLD_LOCAL: another copy of the library in this process must not see this one's symbols.
    let flags = unix::RTLD_LAZY | unix::RTLD_LOCAL;
    // SAFETY: this runs the library's initializers. libpcap has none and libnet has none that ask anything of
    // the caller; what a path in the environment names is trusted as the program itself is.
    let opened = unsafe { unix::Library::open(Some(&candidate.name), flags) };
    opened.map(Library::from).map_err(|error| describe(&error))
}

#[cfg(windows)]
fn open(candidate: &Candidate) -> Result<Library, String> {
    use libloading::os::windows;
    let flags = if candidate.own_folder {
        windows::LOAD_WITH_ALTERED_SEARCH_PATH
    } else {
        // Not from the current folder, where anybody may have put a file of that name.
        windows::LOAD_LIBRARY_SEARCH_SYSTEM32
    };
    // SAFETY: this runs the library's `DllMain`, which asks nothing of the caller; what a path in the
    // environment names is trusted as the program itself is.
    let opened = unsafe { windows::Library::load_with_flags(&candidate.name, flags) };
    opened.map(Library::from).map_err(|error| describe(&error))
}

/// The system's message, which is below libloading's own on Windows and in it elsewhere.
fn describe(error: &libloading::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted {
        library: "libpcap",
        variable: "PYCAP_SYS_TEST_UNSET",
        candidates: || vec![Candidate::new("libno-such.so.1"), Candidate::new("/nonexistent/libno-such.so")],
        install: "install something",
    };

    #[test]
    fn the_error_lists_what_was_tried() {
        let error = WANTED.load(|_, _| Ok(())).unwrap_err();
        assert_eq!(error.library(), "libpcap");
        assert_eq!(error.attempts().len(), 2);
        assert_eq!(error.attempts()[0].name(), "libno-such.so.1");
        let text = error.to_string();
        let start = "install something: libpcap was not found; tried libno-such.so.1: ";
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("; /nonexistent/libno-such.so: "), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_refused_is_an_attempt_with_its_reason() {
        let candidates = vec![Candidate::new("libc.so.6")];
        let error = WANTED.load_from::<()>(candidates, |_, _| Err("lacks a function".into())).unwrap_err();
        assert_eq!(error.attempts()[0].reason(), "lacks a function");
    }

    #[test]
    fn an_empty_variable_is_no_path() {
        assert_eq!(trusted_variable("PYCAP_SYS_TEST_UNSET"), None);
    }
}
