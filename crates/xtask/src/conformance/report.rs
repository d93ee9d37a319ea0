//! The counts of a comparison, and the table that shows them.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{Difference, Kind};
use super::explain::{RULES, Rule};

/// What was compared and what came of it.
#[derive(Default)]
pub(super) struct Report {
    layers: BTreeMap<String, LayerCounts>,
    differences: BTreeMap<(String, Kind), Differences>,
    explained: BTreeMap<&'static str, u64>,
    packets: u64,
    packets_equal: u64,
    packets_explained: u64,
    packets_not_compared: BTreeMap<String, u64>,
    files: u64,
    files_not_compared: BTreeMap<&'static str, u64>,
    expectations: u64,
    problems: BTreeMap<String, Vec<String>>,
    quoted: LayerCounts,
    max_examples: usize,
}

#[derive(Default)]
struct LayerCounts {
    packets: u64,
    expected: u64,
    found: u64,
    missing: u64,
    left_out: u64,
    extra: u64,
    fields: u64,
    differing: u64,
    absent: u64,
    explained: u64,
}

#[derive(Default)]
struct Differences {
    count: u64,
    examples: Vec<String>,
}

impl Report {
    pub(super) fn new(max_examples: usize) -> Self {
        Self { max_examples, ..Self::default() }
    }

    pub(super) fn expected_layer(&mut self, name: &str) {
        self.layer(name).expected += 1;
    }

    pub(super) fn found_layer(&mut self, name: &str) {
        if name == "record" {
            self.layer(name).expected += 1;
        }
        self.layer(name).found += 1;
    }

    /// A layer that tshark shows in part, at the end of a packet that was cut or is too short, may be left out.
    pub(super) fn layer_left_out(&mut self, name: &str) {
        self.layer(name).left_out += 1;
    }

    pub(super) fn compared_field(&mut self, name: &str) {
        self.layer(name).fields += 1;
    }

    pub(super) fn quoted(&mut self, found: bool, fields: usize, differing: usize) {
        self.quoted.expected += 1;
        self.quoted.found += u64::from(found);
        self.quoted.missing += u64::from(!found);
        self.quoted.fields += fields as u64;
        self.quoted.differing += differing as u64;
    }

    /// A packet was compared; each difference has the rule that explains it, if one does.
    pub(super) fn packet(
        &mut self,
        file: &str,
        number: u64,
        differences: &[Difference],
        rules: &[Option<&'static Rule>],
    ) {
        self.packets += 1;
        if differences.is_empty() {
            self.packets_equal += 1;
        } else if rules.iter().all(Option::is_some) {
            self.packets_explained += 1;
        }
        for name in differences.iter().map(|difference| &difference.layer).collect::<BTreeSet<_>>() {
            self.layer(name).packets += 1;
        }
        for (difference, rule) in differences.iter().zip(rules) {
            let counts = self.layer(&difference.layer);
            if let Some(rule) = rule {
                counts.explained += 1;
                *self.explained.entry(rule.name).or_default() += 1;
                continue;
            }
            match difference.kind {
                Kind::Differs(_) => counts.differing += 1,
                Kind::Absent(_) => counts.absent += 1,
                Kind::Missing => counts.missing += 1,
                Kind::Extra => counts.extra += 1,
            }
            let max = self.max_examples;
            let same =
                self.differences.entry((difference.layer.clone(), difference.kind.clone())).or_default();
            same.count += 1;
            if same.examples.len() < max {
                same.examples.push(format!(
                    "{file} #{number} at {}: recorded {}, found {}",
                    difference.offset, difference.recorded, difference.found
                ));
            }
        }
    }

    /// A packet that tshark has nothing of.
    pub(super) fn not_compared(&mut self, oracle_error: &Option<String>) {
        let reason = match oracle_error {
            None => "tshark has fewer packets",
            Some(error) if error.contains("unknown or unsupported") => "tshark refuses the link type",
            Some(_) => "tshark stopped before them",
        };
        *self.packets_not_compared.entry(reason.to_owned()).or_default() += 1;
    }

    /// Packets that only tshark has.
    pub(super) fn unread(&mut self, count: usize) {
        if count > 0 {
            *self.packets_not_compared.entry("not read here".to_owned()).or_default() += count as u64;
        }
    }

    pub(super) fn file_compared(&mut self) {
        self.files += 1;
    }

    pub(super) fn file_not_compared(&mut self, reason: &'static str) {
        *self.files_not_compared.entry(reason).or_default() += 1;
    }

    pub(super) fn expectation(&mut self) {
        self.expectations += 1;
    }

    /// Something is wrong with a whole file.
    pub(super) fn problem(&mut self, file: &str, problem: String) {
        self.problems.entry(file.to_owned()).or_default().push(problem);
    }

    /// Adds the counts of another report.
    pub(super) fn add(&mut self, other: Self) {
        for (name, counts) in other.layers {
            self.layer(&name).add(&counts);
        }
        for (key, more) in other.differences {
            let same = self.differences.entry(key).or_default();
            same.count += more.count;
            same.examples.extend(more.examples);
            same.examples.truncate(self.max_examples);
        }
        for (name, count) in other.explained {
            *self.explained.entry(name).or_default() += count;
        }
        for (name, count) in other.packets_not_compared {
            *self.packets_not_compared.entry(name).or_default() += count;
        }
        for (name, count) in other.files_not_compared {
            *self.files_not_compared.entry(name).or_default() += count;
        }
        self.packets += other.packets;
        self.packets_equal += other.packets_equal;
        self.packets_explained += other.packets_explained;
        self.files += other.files;
        self.expectations += other.expectations;
        self.problems.extend(other.problems);
        self.quoted.add(&other.quoted);
    }

    /// Whether enough packets are equal, few enough explained, and all files are read as they should be.
    pub(super) fn passes(&self, min_equal: f64, max_explained: f64) -> bool {
        let mut good = self.problems.is_empty();
        if self.packets == 0 && self.files == 0 {
            say!("\nnothing was compared");
            good = false;
        }
        let sound = percent(self.packets_equal + self.packets_explained, self.packets);
        if sound < min_equal {
            say!("\n{sound:.3} % of the packets are equal or explained, {min_equal} % are needed");
            good = false;
        }
        let explained = percent(self.packets_explained, self.packets);
        if self.packets_explained > 0 && explained > max_explained {
            say!(
                "\n{explained:.3} % of the packets differ for a known reason, {max_explained} % at most may"
            );
            good = false;
        }
        good
    }

    /// Prints everything.
    pub(super) fn print(&self) {
        self.print_layers();
        self.print_differences();
        self.print_explained();
        self.print_files();
        let Self { packets, packets_equal, packets_explained, .. } = self;
        say!(
            "\n{packets} packets compared: {packets_equal} equal ({:.3} %), {packets_explained} explained ({:.3} %), \
             {} different",
            percent(*packets_equal, *packets),
            percent(*packets_explained, *packets),
            packets - packets_equal - packets_explained
        );
    }

    fn print_layers(&self) {
        say!(
            "{:<14}{:>10}{:>10}{:>9}{:>9}{:>7}{:>10}{:>10}{:>9}{:>11}{:>9}",
            "layer",
            "expected",
            "found",
            "missing",
            "left out",
            "extra",
            "fields",
            "differing",
            "absent",
            "explained",
            "packets"
        );
        let quoted = (&"quoted *".to_owned(), &self.quoted);
        for (name, c) in self.layers.iter().chain([quoted]) {
            say!(
                "{name:<14}{:>10}{:>10}{:>9}{:>9}{:>7}{:>10}{:>10}{:>9}{:>11}{:>9}",
                c.expected,
                c.found,
                c.missing,
                c.left_out,
                c.extra,
                c.fields,
                c.differing,
                c.absent,
                c.explained,
                c.packets
            );
        }
        say!(
            "\nleft out: the last layer of a packet that was cut or is too short, shown by tshark in part\n\
             packets: packets with a difference in this layer, explained or not\n\
             quoted: what ICMP errors quote, for information"
        );
    }

    fn print_differences(&self) {
        let mut all: Vec<_> = self.differences.iter().collect();
        all.sort_by_key(|(_, same)| std::cmp::Reverse(same.count));
        if !all.is_empty() {
            say!("\ndifferences without an explanation:");
        }
        for ((layer, kind), same) in all {
            let what = match kind {
                Kind::Differs(field) => format!("{layer}.{field} differs"),
                Kind::Absent(field) => format!("{layer}.{field} absent"),
                Kind::Missing => format!("{layer} missing"),
                Kind::Extra => format!("{layer} extra"),
            };
            say!("{:>7}  {what}", same.count);
            for example in &same.examples {
                say!("           {example}");
            }
        }
    }

    fn print_explained(&self) {
        if !self.explained.is_empty() {
            say!("\nexplained differences:");
        }
        for rule in RULES.iter().filter(|rule| self.explained.contains_key(rule.name)) {
            say!("{:>7}  {}: {}", self.explained[rule.name], rule.name, rule.reason);
        }
    }

    fn print_files(&self) {
        say!(
            "\n{} files read, {} of them held against a list of their records; {} with a problem",
            self.files,
            self.expectations,
            self.problems.len()
        );
        for (file, problem) in
            self.problems.iter().flat_map(|(file, all)| all.iter().map(move |one| (file, one)))
        {
            say!("         {file}: {problem}");
        }
        for (reason, count) in &self.files_not_compared {
            say!("{count:>7}  files not compared: {reason}");
        }
        for (reason, count) in &self.packets_not_compared {
            say!("{count:>7}  packets not compared: {reason}");
        }
    }

    fn layer(&mut self, name: &str) -> &mut LayerCounts {
        if !self.layers.contains_key(name) {
            self.layers.insert(name.to_owned(), LayerCounts::default());
        }
        self.layers.get_mut(name).expect("inserted above")
    }
}

impl LayerCounts {
    fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.expected += other.expected;
        self.found += other.found;
        self.missing += other.missing;
        self.left_out += other.left_out;
        self.extra += other.extra;
        self.fields += other.fields;
        self.differing += other.differing;
        self.absent += other.absent;
        self.explained += other.explained;
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}
