/// A table by 128-bit keys, in one flat array.
///
/// Validation, participation and indicators hold an entry for each row of every year. Their keys are pseudonyms or
/// digests and therefore spread already, so a dictionary's hashing would only cost time. A key lies beside its value,
/// because nearly every row needs another place of memory, and fetching it is what a row costs.
struct FlatTable<Value> {
    private struct Slot {
        /// In halves, which need no wider alignment than a value.
        var high: UInt64
        var low: UInt64
        /// Nil at a free place.
        var value: Value?

        init() { (high, low, value) = (0, 0, nil) }

        init(_ key: UInt128, _ value: Value) {
            high = UInt64(truncatingIfNeeded: key >> 64)
            low = UInt64(truncatingIfNeeded: key)
            self.value = value
        }

        var key: UInt128 { UInt128(high) << 64 | UInt128(low) }
    }

    private var slots: [Slot] = []
    private var shift: UInt64 = 64
    /// How many entries there are.
    private(set) var count = 0

    /// An empty table.
    init() {}

    /// The value under a key; nil removes it.
    subscript(key: UInt128) -> Value? {
        get { count == 0 ? nil : slots[place(of: key)].value }
        set {
            if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
        }
    }

    /// Sets the value under a key.
    ///
    /// Returns the value before.
    @discardableResult
    mutating func updateValue(_ value: Value, forKey key: UInt128) -> Value? {
        growIfFull()
        let place = place(of: key)
        let before = slots[place].value
        if before == nil { count += 1 }
        slots[place] = Slot(key, value)
        return before
    }

    /// Removes a key.
    ///
    /// Returns its value; nil if it was not there.
    @discardableResult
    mutating func removeValue(forKey key: UInt128) -> Value? {
        guard count > 0 else { return nil }
        var free = place(of: key)
        guard let before = slots[free].value else { return nil }
        count -= 1
        // Later entries move up, so that none is behind a free place.
        let mask = slots.count - 1
        var next = (free + 1) & mask
        while slots[next].value != nil {
            let distance = (next - home(slots[next].key)) & mask
            if distance >= (next - free) & mask {
                slots[free] = slots[next]
                free = next
            }
            next = (next + 1) & mask
        }
        slots[free] = Slot()
        return before
    }

    /// Changes the value under a key where it is; does nothing if there is none.
    mutating func change(_ key: UInt128, _ body: (inout Value) -> Void) {
        guard count > 0 else { return }
        let place = place(of: key)
        guard var value = slots[place].value else { return }
        body(&value)
        slots[place].value = value
    }

    /// The place of a key, or the free place where it belongs.
    private func place(of key: UInt128) -> Int {
        let mask = slots.count - 1
        var place = home(key)
        while slots[place].value != nil, slots[place].key != key { place = (place + 1) & mask }
        return place
    }

    /// Where the search for a key begins: the upper bits of a product, to which all bits of the key contribute.
    private func home(_ key: UInt128) -> Int {
        let word = UInt64(truncatingIfNeeded: key) ^ UInt64(truncatingIfNeeded: key >> 64) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// Doubles the table when three quarters of its places are taken.
    private mutating func growIfFull() {
        guard (count + 1) * 4 > slots.count * 3 else { return }
        let size = max(16, slots.count * 2)
        var old: [Slot] = []
        swap(&old, &slots)
        slots = Array(repeating: Slot(), count: size)
        shift = UInt64(64 - size.trailingZeroBitCount)
        for slot in old where slot.value != nil { slots[place(of: slot.key)] = slot }
    }
}
