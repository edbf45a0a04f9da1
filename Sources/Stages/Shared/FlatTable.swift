/// A table by 128-bit keys, in two flat arrays.
///
/// Validation, participation and indicators hold an entry for each row of every year. Their keys are pseudonyms or
/// digests and therefore spread already, so a dictionary's hashing would only cost time.
struct FlatTable<Value> {
    private var keys: [UInt128] = []
    /// By place; nil at a free place.
    private var values: [Value?] = []
    private var shift: UInt64 = 64
    /// How many entries there are.
    private(set) var count = 0

    /// An empty table.
    init() {}

    /// The value under a key; nil removes it.
    subscript(key: UInt128) -> Value? {
        get { count == 0 ? nil : values[place(of: key)] }
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
        let before = values[place]
        if before == nil {
            keys[place] = key
            count += 1
        }
        values[place] = value
        return before
    }

    /// Removes a key.
    ///
    /// Returns its value; nil if it was not there.
    @discardableResult
    mutating func removeValue(forKey key: UInt128) -> Value? {
        guard count > 0 else { return nil }
        var free = place(of: key)
        guard let before = values[free] else { return nil }
        count -= 1
        // Later entries move up, so that none is behind a free place.
        let mask = keys.count - 1
        var next = (free + 1) & mask
        while let value = values[next] {
            let distance = (next - home(keys[next])) & mask
            if distance >= (next - free) & mask {
                keys[free] = keys[next]
                values[free] = value
                free = next
            }
            next = (next + 1) & mask
        }
        values[free] = nil
        return before
    }

    /// Changes the value under a key where it is; does nothing if there is none.
    mutating func change(_ key: UInt128, _ body: (inout Value) -> Void) {
        guard count > 0 else { return }
        let place = place(of: key)
        guard var value = values[place] else { return }
        body(&value)
        values[place] = value
    }

    /// The place of a key, or the free place where it belongs.
    private func place(of key: UInt128) -> Int {
        let mask = keys.count - 1
        var place = home(key)
        while values[place] != nil, keys[place] != key { place = (place + 1) & mask }
        return place
    }

    /// Where the search for a key begins: the upper bits of a product, to which all bits of the key contribute.
    private func home(_ key: UInt128) -> Int {
        let word = UInt64(truncatingIfNeeded: key) ^ UInt64(truncatingIfNeeded: key >> 64) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// Doubles the table when three quarters of its places are taken.
    private mutating func growIfFull() {
        guard (count + 1) * 4 > keys.count * 3 else { return }
        let size = max(16, keys.count * 2)
        var (oldKeys, oldValues): ([UInt128], [Value?]) = ([], [])
        swap(&oldKeys, &keys)
        swap(&oldValues, &values)
        keys = Array(repeating: 0, count: size)
        values = Array(repeating: nil, count: size)
        shift = UInt64(64 - size.trailingZeroBitCount)
        for (key, value) in zip(oldKeys, oldValues) {
            guard let value else { continue }
            let place = place(of: key)
            keys[place] = key
            values[place] = value
        }
    }
}
