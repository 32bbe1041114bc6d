//! The org's API allowance, as every answer reports it for free.

/// API calls used and allowed in the rolling 24 hours, by all integrations of the org together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUsage {
    /// Calls made.
    pub used: u64,
    /// Calls allowed.
    pub max: u64,
}

impl ApiUsage {
    /// Share of the allowance used, 0 to 1 and above when overdrawn.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs three digits, allowances stay far below 2^53"
    )]
    pub fn ratio(self) -> f64 {
        if self.max == 0 {
            return 0.0;
        }
        self.used as f64 / self.max as f64
    }

    /// Parses a `Sforce-Limit-Info` header: `api-usage=126/15000`, possibly followed by
    /// `; per-app-api-usage=17/250(appName=x)`.
    pub fn parse(header: &str) -> Option<Self> {
        header.split(';').find_map(|part| {
            let (used, max) = part.trim().strip_prefix("api-usage=")?.split_once('/')?;
            Some(Self {
                used: used.trim().parse().ok()?,
                max: max.trim().parse().ok()?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_org_wide_numbers_are_read() {
        let expected = ApiUsage {
            used: 126,
            max: 15_000,
        };
        for header in [
            "api-usage=126/15000",
            "api-usage=126/15000; per-app-api-usage=17/250(appName=x)",
            "per-app-api-usage=17/250(appName=x); api-usage=126/15000",
        ] {
            assert_eq!(ApiUsage::parse(header), Some(expected), "{header}");
        }
        for header in [
            "",
            "api-usage=",
            "api-usage=1",
            "api-usage=a/b",
            "per-app-api-usage=1/2",
        ] {
            assert_eq!(ApiUsage::parse(header), None, "{header}");
        }
        assert!((expected.ratio() - 0.0084).abs() < 1e-9);
    }
}
