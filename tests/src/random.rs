//! Numbers that are the same on every machine.

/// A small generator of pseudo-random numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a whole number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// Returns a number from -1 to 1.
    pub fn signed(&mut self) -> f32 {
        (self.below(2001) as f32 - 1000.0) / 1000.0
    }

    /// Returns event counts: three of four are 0, the others 1 to 3.
    pub fn events(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| if self.below(4) == 0 { 1 + self.below(3) as u8 } else { 0 }).collect()
    }

    /// Returns event counts, a twentieth of them replaced by fractions and negative values from -10/3 to 10/3, which
    /// the float engines take too.
    pub fn values(&mut self, count: usize) -> Vec<f32> {
        let events = self.events(count);
        let mut value = |n: u8| if self.below(20) == 0 { self.signed() / 0.3 } else { f32::from(n) };
        events.into_iter().map(&mut value).collect()
    }
}
