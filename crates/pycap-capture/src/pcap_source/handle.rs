//! A handle of libpcap's, closed when it is dropped: where its C functions are called.
//!
//! Each method is safe: what C asks of its caller is in the types, or checked here.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pycap_sys::Libpcap;
use pycap_sys::pcap::{self, bpf_insn, bpf_program, pcap_pkthdr, pcap_stat, pcap_t};

use crate::{Error, ErrorKind, Filter, Instruction, Result};

/// Taken while libpcap compiles: before 1.8 its compiler has one state for the whole program.
static COMPILER: Mutex<()> = Mutex::new(());

pub(super) struct Handle {
    api: &'static Libpcap,
    pcap: NonNull<pcap_t>,
    /// The frame that libpcap has lent, as long as it is not called again.
    lent: Option<(pcap_pkthdr, *const u8)>,
    /// How many frames libpcap has handed out.
    handed_out: u64,
}

// SAFETY: libpcap ties a handle to no thread; it only must not be used by two at once, which `&mut self` sees to. `&self` methods read
// what does not change.
unsafe impl Send for Handle {}

/// What [`Handle::set`] sets.
pub(super) enum Setting {
    /// At most so many bytes of each frame.
    Snaplen(c_int),
    /// How many bytes the kernel keeps.
    BufferSize(c_int),
    /// How many milliseconds frames may wait for others.
    Timeout(c_int),
    /// Frames for others, too.
    Promiscuous(bool),
    /// Frames wait for no others.
    Immediate(bool),
    /// All frames of a radio channel.
    MonitorMode(bool),
}

/// A frame, as libpcap lends it.
#[derive(Clone, Copy)]
pub(super) struct Lent<'h> {
    pub(super) header: pcap_pkthdr,
    pub(super) data: &'h [u8],
}

/// What reading came back with.
pub(super) enum Read {
    /// One frame, or several.
    Some,
    /// None now; from a savefile, none any more.
    None,
    /// The loop was broken, or a savefile has ended.
    Break,
    Failed,
}

impl Read {
    fn from_status(status: c_int) -> Self {
        match status {
            0 => Self::None,
            pcap::PCAP_ERROR_BREAK => Self::Break,
            status if status < 0 => Self::Failed,
            _ => Self::Some,
        }
    }
}

/// What libpcap says of an error that has no handle yet.
pub(super) struct Text([u8; pcap::PCAP_ERRBUF_SIZE]);

impl Text {
    pub(super) fn new() -> Self {
        Self([0; pcap::PCAP_ERRBUF_SIZE])
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr().cast()
    }

    pub(super) fn text(&self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        String::from_utf8_lossy(&self.0[..end]).into_owned()
    }
}

/// libpcap, or what was tried and what to install.
pub(super) fn library() -> Result<&'static Libpcap> {
    Libpcap::load().map_err(|error| Error::new(ErrorKind::LibraryMissing, error.to_string()))
}

/// A string of the library's.
pub(super) fn string(text: *const c_char) -> Option<String> {
    // SAFETY: the callers pass what a function of libpcap has just returned: null, or a string that ends in a zero byte.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

impl Handle {
    /// Takes over a handle that libpcap has opened; `None` if it is null.
    pub(super) fn new(api: &'static Libpcap, pcap: *mut pcap_t) -> Option<Self> {
        Some(Self { api, pcap: NonNull::new(pcap)?, lent: None, handed_out: 0 })
    }

    /// One that captures nothing.
    pub(super) fn dead(dlt: c_int, snaplen: c_int) -> Result<Self> {
        let api = library()?;
        // SAFETY: it asks nothing of the caller.
        let pcap = unsafe { api.pcap_open_dead(dlt, snaplen) };
        Self::new(api, pcap).ok_or_else(|| Error::new(ErrorKind::Io, "libpcap has no memory for a handle"))
    }

    /// One for an interface, not activated yet.
    pub(super) fn create(name: &CStr) -> Result<Self, String> {
        let api = Libpcap::load().map_err(|error| error.to_string())?;
        let mut text = Text::new();
        // SAFETY: the name ends in a zero byte, and the text is as long as libpcap takes it to be.
        let pcap = unsafe { api.pcap_create(name.as_ptr(), text.as_mut_ptr()) };
        Self::new(api, pcap).ok_or_else(|| text.text())
    }

    /// The handle, for a function of libpcap's that uses it alone. Each may take a lent frame back.
    fn as_ptr(&mut self) -> *mut pcap_t {
        self.lent = None;
        self.pcap.as_ptr()
    }

    /// Sets what is only set before a handle is activated, and fails only afterwards.
    pub(super) fn set(&mut self, setting: Setting) {
        let (api, pcap) = (self.api, self.as_ptr());
        let flag = c_int::from;
        // SAFETY, here and below: the handle is open, and nobody else uses it.
        match setting {
            // SAFETY: as above.
            Setting::Snaplen(bytes) => unsafe { api.pcap_set_snaplen(pcap, bytes) },
            // SAFETY: as above.
            Setting::BufferSize(bytes) => unsafe { api.pcap_set_buffer_size(pcap, bytes) },
            // SAFETY: as above.
            Setting::Timeout(millis) => unsafe { api.pcap_set_timeout(pcap, millis) },
            // SAFETY: as above.
            Setting::Promiscuous(on) => unsafe { api.pcap_set_promisc(pcap, flag(on)) },
            // SAFETY: as above.
            Setting::Immediate(on) => unsafe { api.pcap_set_immediate_mode(pcap, flag(on)) },
            // SAFETY: as above.
            Setting::MonitorMode(on) => unsafe { api.pcap_set_rfmon(pcap, flag(on)) },
        };
    }

    /// Chooses a clock: 0, a warning above it or an error below it.
    pub(super) fn set_timestamp_type(&mut self, kind: c_int) -> c_int {
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { self.api.pcap_set_tstamp_type(self.as_ptr(), kind) }
    }

    /// Asks for times in nanoseconds, which not every system has.
    pub(super) fn set_nanoseconds(&mut self) {
        let precision = pcap::PCAP_TSTAMP_PRECISION_NANO as c_int;
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { self.api.pcap_set_tstamp_precision(self.as_ptr(), precision) };
    }

    /// Whether times are in nanoseconds; else in microseconds.
    pub(super) fn has_nanoseconds(&mut self) -> bool {
        // SAFETY: the handle is open, and nobody else uses it.
        let precision = unsafe { self.api.pcap_get_tstamp_precision(self.as_ptr()) };
        precision == pcap::PCAP_TSTAMP_PRECISION_NANO as c_int
    }

    /// Begins to capture: 0, a warning above it or an error below it.
    pub(super) fn activate(&mut self) -> c_int {
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { self.api.pcap_activate(self.as_ptr()) }
    }

    /// The message of the last error.
    pub(super) fn error_text(&mut self) -> String {
        // SAFETY: the handle is open, and nobody else uses it.
        let text = unsafe { self.api.pcap_geterr(self.as_ptr()) };
        string(text).unwrap_or_default()
    }

    /// The link type, in the system's number.
    pub(super) fn datalink(&mut self) -> c_int {
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { self.api.pcap_datalink(self.as_ptr()) }
    }

    /// Chooses another link type that the interface offers.
    pub(super) fn set_datalink(&mut self, dlt: c_int) -> Result<(), String> {
        // SAFETY: the handle is open, and nobody else uses it.
        match unsafe { self.api.pcap_set_datalink(self.as_ptr(), dlt) } {
            0 => Ok(()),
            _ => Err(self.error_text()),
        }
    }

    /// One that reads a savefile, times in nanoseconds.
    pub(super) fn offline(path: &CStr) -> Result<Self> {
        let api = library()?;
        let mut text = Text::new();
        let precision = pcap::PCAP_TSTAMP_PRECISION_NANO;
        // SAFETY: the path ends in a zero byte, and the text is as long as libpcap takes it to be.
        let pcap = unsafe {
            api.pcap_open_offline_with_tstamp_precision(path.as_ptr(), precision, text.as_mut_ptr())
        };
        Self::new(api, pcap)
            .ok_or_else(|| Error::new(ErrorKind::Io, format!("libpcap cannot open it: {}", text.text())))
    }

    /// Has reads return at once where there is nothing.
    pub(super) fn set_nonblocking(&mut self) -> Result<(), String> {
        let mut text = Text::new();
        // SAFETY: the handle is open, nobody else uses it, and the text is as long as libpcap takes it to be.
        match unsafe { self.api.pcap_setnonblock(self.as_ptr(), 1, text.as_mut_ptr()) } {
            0 => Ok(()),
            _ => Err(text.text()),
        }
    }

    /// Only frames of this direction, PCAP_D_*.
    pub(super) fn set_direction(&mut self, direction: pcap::pcap_direction_t) -> Result<(), String> {
        // SAFETY: the handle is open, and nobody else uses it.
        match unsafe { self.api.pcap_setdirection(self.as_ptr(), direction) } {
            0 => Ok(()),
            _ => Err(self.error_text()),
        }
    }

    /// After how many bytes frames are cut.
    pub(super) fn snapshot(&mut self) -> c_int {
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { self.api.pcap_snapshot(self.as_ptr()) }
    }

    /// The link types that can be chosen, in the system's numbers.
    pub(super) fn datalinks(&mut self) -> Result<Vec<c_int>, String> {
        let mut list = ptr::null_mut();
        // SAFETY: the handle is open, nobody else uses it, and `list` may be written.
        let count = unsafe { self.api.pcap_list_datalinks(self.as_ptr(), &raw mut list) };
        if count < 0 {
            return Err(self.error_text());
        }
        let numbers = numbers(list, count);
        if !list.is_null() {
            // SAFETY: libpcap has stored the list just now, and it is not used again.
            unsafe { self.api.pcap_free_datalinks(list) };
        }
        Ok(numbers)
    }

    /// The clocks that can be chosen, PCAP_TSTAMP_*.
    pub(super) fn timestamp_types(&mut self) -> Result<Vec<c_int>, String> {
        let mut list = ptr::null_mut();
        // SAFETY: the handle is open, nobody else uses it, and `list` may be written.
        let count = unsafe { self.api.pcap_list_tstamp_types(self.as_ptr(), &raw mut list) };
        if count < 0 {
            return Err(self.error_text());
        }
        let numbers = numbers(list, count);
        if !list.is_null() {
            // SAFETY: libpcap has stored the list just now, and it is not used again.
            unsafe { self.api.pcap_free_tstamp_types(list) };
        }
        Ok(numbers)
    }

    /// The counters since it was activated, which wrap.
    pub(super) fn stats(&mut self) -> Result<pcap_stat, String> {
        let mut stats = pcap_stat::default();
        // SAFETY: the handle is open, nobody else uses it, and `stats` may be written.
        match unsafe { self.api.pcap_stats(self.as_ptr(), &raw mut stats) } {
            0 => Ok(stats),
            _ => Err(self.error_text()),
        }
    }

    /// What can be waited on for frames, where there is something.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: the handle is open. It is not changed by this, but for a `&mut` nobody can be using it anyway.
        let fd = unsafe { self.api.pcap_get_selectable_fd(self.pcap.as_ptr()) }?;
        // SAFETY: the descriptor is the handle's own and stays open as long as that, from which it is borrowed here.
        (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// How long to wait at most, even where the descriptor shows nothing.
    pub(super) fn required_timeout(&mut self) -> Option<Duration> {
        // SAFETY: the handle is open, and nobody else uses it.
        let time = unsafe { self.api.pcap_get_required_select_timeout(self.as_ptr()) }?;
        // SAFETY: it is null, or belongs to the handle and is not written before the next call with that.
        let time = unsafe { time.as_ref() }?;
        let (seconds, micros) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_usec).ok()?);
        Some(Duration::from_secs(seconds) + Duration::from_micros(micros))
    }

    /// Reads a frame, if there is one: then it is [`lent`](Self::lent).
    pub(super) fn read(&mut self) -> Read {
        let (mut header, mut data) = (ptr::null_mut::<pcap_pkthdr>(), ptr::null());
        // SAFETY: the handle is open, nobody else uses it, and both results may be written.
        let status = unsafe { self.api.pcap_next_ex(self.as_ptr(), &raw mut header, &raw mut data) };
        let read = Read::from_status(status);
        if let Read::Some = read {
            self.handed_out += 1;
            // SAFETY: libpcap has stored a pointer to a header just now.
            self.lent = Some((unsafe { header.read() }, data));
        }
        read
    }

    /// How many frames it has handed out, all ways of reading together.
    pub(super) fn handed_out(&self) -> u64 {
        self.handed_out
    }

    /// The frame that was read last, if nothing was done with the handle since.
    #[inline]
    pub(super) fn lent(&self) -> Option<Lent<'_>> {
        let (header, data) = self.lent?;
        // SAFETY: the bytes are the handle's until the next call with it. Each such call takes `&mut self` and goes through `as_ptr`,
        // which forgets them; until then they can be read, and they are borrowed from `self` here.
        Some(unsafe { Lent::new(header, data) })
    }

    /// Calls `each` for the frames of one buffer, until it breaks or panics; the rest stays for the next call. Says whether it did, and
    /// gives the panic back, which may go on once libpcap is out of the way.
    pub(super) fn dispatch(
        &mut self,
        each: &mut dyn FnMut(Lent<'_>) -> ControlFlow<()>,
    ) -> (Read, ControlFlow<Option<Panic>>) {
        let (api, pcap) = (self.api, self.as_ptr());
        let mut visit = Visit { api, pcap, each, broke: ControlFlow::Continue(()), count: 0 };
        let user = (&raw mut visit).cast();
        // SAFETY: the handle is open and nobody else uses it. The callback gets back the pointer to `visit`, which outlives the call and
        // is not used otherwise meanwhile; it keeps nothing, catches panics, and cannot close the handle, which is borrowed.
        let status = unsafe { self.api.pcap_dispatch(self.as_ptr(), -1, trampoline, user) };
        self.handed_out += visit.count;
        (Read::from_status(status), visit.broke)
    }

    /// Compiles an expression for this handle.
    pub(super) fn compile(
        &mut self,
        expression: &CStr,
        optimize: bool,
        netmask: u32,
    ) -> Result<Filter, String> {
        let mut program = bpf_program { bf_len: 0, bf_insns: ptr::null_mut() };
        let status = {
            let _compiler = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
            let (text, optimize) = (expression.as_ptr(), c_int::from(optimize));
            // SAFETY: the handle is open and nobody else uses it, `program` may be written, the expression ends in a zero byte, and no
            // other thread compiles meanwhile, as the lock is held.
            unsafe { self.api.pcap_compile(self.as_ptr(), &raw mut program, text, optimize, netmask) }
        };
        if status != 0 {
            return Err(self.error_text());
        }
        let instructions = copy(&program);
        // SAFETY: libpcap has compiled the program just now, and its instructions are not used again.
        unsafe { self.api.pcap_freecode(&raw mut program) };
        Filter::new(instructions).map_err(|error| error.to_string())
    }

    /// Lets only frames through that the program matches.
    pub(super) fn set_filter(&mut self, filter: &Filter) -> Result<(), String> {
        let convert = |&Instruction { code, jt, jf, k }: &_| bpf_insn { code, jt, jf, k };
        let mut instructions: Vec<bpf_insn> = filter.instructions().iter().map(convert).collect();
        // A filter has at most 65,535 instructions.
        let mut program =
            bpf_program { bf_len: instructions.len() as u32, bf_insns: instructions.as_mut_ptr() };
        // SAFETY: the handle is open and nobody else uses it; the program has as many instructions as it says, which were verified when
        // the filter was made, and libpcap copies them.
        match unsafe { self.api.pcap_setfilter(self.as_ptr(), &raw mut program) } {
            0 => Ok(()),
            _ => Err(self.error_text()),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, nobody else uses it, and nobody does after this.
        unsafe { self.api.pcap_close(self.as_ptr()) };
    }
}

impl Lent<'_> {
    /// # Safety
    ///
    /// Behind `data` are as many bytes as the header says were captured; they can be read and stay as they are as long as the result.
    unsafe fn new(header: pcap_pkthdr, data: *const u8) -> Self {
        if data.is_null() {
            return Self { header, data: &[] };
        }
        // SAFETY: the caller's promise.
        let data = unsafe { std::slice::from_raw_parts(data, header.caplen as usize) };
        Self { header, data }
    }
}

/// What the callback of [`Handle::dispatch`] works with.
struct Visit<'a> {
    api: &'static Libpcap,
    pcap: *mut pcap_t,
    each: &'a mut dyn FnMut(Lent<'_>) -> ControlFlow<()>,
    broke: ControlFlow<Option<Panic>>,
    count: u64,
}

/// What a thread panicked with.
pub(super) type Panic = Box<dyn Any + Send>;

/// Hands a frame to Rust. A panic must not unwind into C: it waits in [`Visit`] until libpcap has returned.
unsafe extern "C" fn trampoline(user: *mut u8, header: *const pcap_pkthdr, bytes: *const u8) {
    // SAFETY: `dispatch` gave this pointer, and nothing else uses what is behind it while libpcap runs.
    let visit = unsafe { &mut *user.cast::<Visit<'_>>() };
    if visit.broke.is_break() {
        return;
    }
    visit.count += 1;
    // SAFETY: libpcap passes a pointer to a header.
    let header = unsafe { header.read() };
    // SAFETY: libpcap passes the header's bytes, which stay until this returns; `each` cannot keep them, as it takes any lifetime.
    let frame = unsafe { Lent::new(header, bytes) };
    match catch_unwind(AssertUnwindSafe(|| (visit.each)(frame))) {
        Ok(ControlFlow::Continue(())) => return,
        Ok(ControlFlow::Break(())) => visit.broke = ControlFlow::Break(None),
        Err(panic) => visit.broke = ControlFlow::Break(Some(panic)),
    }
    // SAFETY: the handle is open, as libpcap is reading from it; this is allowed in a callback.
    unsafe { visit.api.pcap_breakloop(visit.pcap) };
}

/// The numbers of a list that libpcap has made.
fn numbers(list: *const c_int, count: c_int) -> Vec<c_int> {
    match usize::try_from(count) {
        Ok(count) if count > 0 && !list.is_null() => {
            // SAFETY: libpcap has stored a list of so many numbers.
            unsafe { std::slice::from_raw_parts(list, count) }.to_vec()
        }
        _ => Vec::new(),
    }
}

/// The instructions of a program that libpcap has compiled.
fn copy(program: &bpf_program) -> Vec<Instruction> {
    if program.bf_insns.is_null() {
        return Vec::new();
    }
    // SAFETY: `pcap_compile` succeeded, so that there are `bf_len` instructions, which nobody writes to.
    let instructions = unsafe { std::slice::from_raw_parts(program.bf_insns, program.bf_len as usize) };
    instructions.iter().map(|&bpf_insn { code, jt, jf, k }| Instruction { code, jt, jf, k }).collect()
}

/// A name for C, which ends names with a zero byte.
pub(super) fn c_name(name: &str) -> Option<CString> {
    CString::new(name).ok()
}
