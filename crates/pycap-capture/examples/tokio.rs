//! Counts the packets of an interface, or of a capture file while it grows, in tasks on one thread:
//! `cargo run --features tokio --example tokio -- eth0 trace.pcapng`. Ctrl-C ends it.

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::path::Path;
    use std::time::Duration;

    use pycap_capture::tokio::{AsyncSource, Readable};
    use pycap_capture::{Follow, Live};

    /// Reads until Ctrl-C, and says every second how far it is.
    async fn count<S: Readable>(name: String, mut source: AsyncSource<S>) -> pycap_capture::Result<()> {
        let stop = source.get_ref().stop_handle();
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut packets = 0_u64;
        loop {
            tokio::select! {
                frame = source.next_frame() => match frame? {
                    Some(_) => packets += 1,
                    None => break,
                },
                _ = second.tick() => println!("{name}: {packets} packets"),
                // What has come until now is still read.
                _ = tokio::signal::ctrl_c() => stop.iter().for_each(|stop| stop.stop()),
            }
        }
        println!("{name}: {packets} packets, {}", source.get_mut().stats()?);
        Ok(())
    }

    let mut tasks = Vec::new();
    for name in std::env::args().skip(1) {
        tasks.push(if Path::new(&name).is_file() {
            tokio::spawn(count(name.clone(), AsyncSource::new(Follow::open(name)?)?))
        } else {
            tokio::spawn(count(name.clone(), Live::on(name).open_async()?))
        });
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this example follows files with await, which takes Linux");
}
