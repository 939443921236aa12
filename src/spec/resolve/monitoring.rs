//! The section `monitoring`.

use super::paths;
use crate::cluster::Monitoring;
use crate::cluster::duration;
use crate::spec::document::MonitoringSpec;
use crate::spec::problem::Problem;

/// Decides what a Prometheus is given.
pub fn resolve(spec: &MonitoringSpec, problems: &mut Vec<Problem>) -> Monitoring {
    let (path, interval) = ("monitoring.scrapeInterval", &spec.scrape_interval);
    let whole = |text: &str| !text.contains(['.', 'u', 'n', 'µ', 'μ']);
    if !duration::parse(interval).is_some_and(|d| !d.is_zero() && whole(interval)) {
        let problem = Problem::error(path, format!("{path} {interval} is not a duration of Prometheus"));
        problems.push(problem.fix("write it like 30s or 1m"));
    }
    paths::check("monitoring.credentials", &spec.credentials, problems);
    Monitoring { scrape_interval: interval.clone(), credentials: spec.credentials.clone() }
}
