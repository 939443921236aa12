//! The Kubernetes API: where clients find it and the names it answers to.

use std::fmt;
use std::net::IpAddr;

use super::LoadBalancer;

/// How the API is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    pub endpoint: Endpoint,
    /// Without one, the endpoint is a control plane, or led there by somebody else.
    pub load_balancer: Option<LoadBalancer>,
    /// Further names and addresses for the API server's certificate.
    pub sans: Vec<String>,
}

/// The address that every client uses; displayed as a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An IP address without brackets, or a DNS name.
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    /// The address, unless the host is a DNS name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            Some(IpAddr::V6(ip)) => write!(f, "https://[{ip}]:{}", self.port),
            _ => write!(f, "https://{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_displayed_as_a_url() {
        let check = |host: &str, expected: &str| {
            let endpoint = Endpoint { host: host.to_owned(), port: 6443 };
            assert_eq!(endpoint.to_string(), expected);
        };
        check("10.0.0.4", "https://10.0.0.4:6443");
        check("api.example.org", "https://api.example.org:6443");
        check("fd00::4", "https://[fd00::4]:6443");
    }
}
