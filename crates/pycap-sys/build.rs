//! Tells the linker where libpcap and libnet are, for the features `linked-libpcap` and `linked-libnet`.
//! Without them it does nothing.
//!
//! `LIBPCAP_LIBDIR` / `LIBNET_LIBDIR` name the folder of a library and skip pkg-config; `LIBPCAP_STATIC=1` /
//! `LIBNET_STATIC=1` link it statically. Only for a static library matter: `LIBPCAP_LIBS` / `LIBNET_LIBS`,
//! what it needs itself (names with commas between them; else pkg-config's answer), and `LIBPCAP_VERSION`,
//! which says which of its optional functions can be linked (else pkg-config's answer, without which none
//! is).

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!(
        "cargo:rustc-check-cfg=cfg(libpcap_static, libpcap_1_7, libpcap_1_9, libpcap_1_10, libnet_static)"
    );
    #[cfg(feature = "linked-libpcap")]
    linked::libpcap();
    #[cfg(feature = "linked-libnet")]
    linked::libnet();
}

#[cfg(any(feature = "linked-libpcap", feature = "linked-libnet"))]
mod linked {
    use std::env;

    #[cfg(feature = "linked-libpcap")]
    pub(crate) fn libpcap() {
        // Npcap's SDK calls its import library wpcap.lib.
        let name = if target_os() == "windows" { "wpcap" } else { "pcap" };
        let (is_static, version) = link(name, "libpcap", "LIBPCAP");
        if !is_static {
            return;
        }
        println!("cargo:rustc-cfg=libpcap_static");
        let version = variable("LIBPCAP", "VERSION").or(version).unwrap_or_default();
        let mut numbers = version.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
        let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        for minor in [7, 9, 10] {
            if found >= (1, minor) {
                println!("cargo:rustc-cfg=libpcap_1_{minor}");
            }
        }
    }

    #[cfg(feature = "linked-libnet")]
    pub(crate) fn libnet() {
        let (is_static, _) = link("net", "libnet", "LIBNET");
        if is_static {
            println!("cargo:rustc-cfg=libnet_static");
        }
    }

    /// Prints the link lines for one library. Says whether it is static, and its version where that is known.
    fn link(name: &str, package: &str, prefix: &str) -> (bool, Option<String>) {
        let is_static = variable(prefix, "STATIC").is_some_and(|value| value != "0");
        let kind = if is_static { "static=" } else { "" };
        let libdir = variable(prefix, "LIBDIR");

        // No pkg-config file (libnet 1.1.6 has none): the linker's own search path decides.
        let mut config = pkg_config::Config::new();
        config.statik(is_static).cargo_metadata(false);
        let found = if libdir.is_none() { config.probe(package).ok() } else { None };

        let folders = found.iter().flat_map(|found| &found.link_paths).map(|path| path.display().to_string());
        for folder in libdir.into_iter().chain(folders) {
            println!("cargo:rustc-link-search=native={folder}");
        }
        println!("cargo:rustc-link-lib={kind}{name}");
        if is_static {
            let known = found.iter().flat_map(|found| &found.libs).filter(|other| *other != name).cloned();
            let needed = match variable(prefix, "LIBS") {
                Some(list) => list.split(',').map(str::to_owned).collect(),
                None => known.collect::<Vec<_>>(),
            };
            for other in needed {
                println!("cargo:rustc-link-lib={other}");
            }
        }
        (is_static, found.map(|found| found.version))
    }

    /// An environment variable that is not empty; a change of it builds anew.
    fn variable(prefix: &str, name: &str) -> Option<String> {
        let name = format!("{prefix}_{name}");
        println!("cargo:rerun-if-env-changed={name}");
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    #[cfg(feature = "linked-libpcap")]
    fn target_os() -> String {
        env::var("CARGO_CFG_TARGET_OS").unwrap_or_default()
    }
}
