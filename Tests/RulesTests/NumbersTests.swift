internal import PublishedFigures
internal import Rules
internal import Testing

@Suite struct NumbersTests {
    @Test(arguments: [
        ("86.5", 865, 10), ("-0.4", -4, 10), ("100", 100, 1), ("0.50", 1, 2), (".5", 1, 2), ("007", 7, 1),
    ])
    func decimalsParseExactly(text: String, units: Int64, scale: Int64) throws {
        #expect(try Ratio(decimal: text) == Ratio(units, over: scale))
    }

    @Test(arguments: ["", "-", ".", "1e5", " 1", "1,5", "1.2.3", "NaN", "+1"])
    func whatIsNoDecimalIsRefused(text: String) {
        #expect(throws: NumberError.malformed(text)) { try Ratio(decimal: text) }
    }

    @Test func figuresOfBinaryProgramsAreRoundedOnce() throws {
        let rounding = Rounding(.halfUp, decimals: 6)
        #expect(try Ratio(decimal: "86.66666666666667", rounded: rounding) == decimal("86.666667"))
        #expect(try Ratio(decimal: "62.900000000000006", rounded: rounding) == decimal("62.9"))
        #expect(try Ratio(decimal: "36.974999999999994", rounded: rounding) == decimal("36.975"))
    }

    @Test(arguments: [
        (Rounding.Mode.halfUp, "97.5", "98"), (.halfUp, "97.49", "97"), (.halfUp, "-2.5", "-3"),
        (.halfEven, "96.5", "96"), (.halfEven, "97.5", "98"), (.halfEven, "97.51", "98"), (.down, "97.9", "97"),
        (.down, "-97.9", "-97"), (.none, "97.9", "97.9"),
    ])
    func roundingIsThatOfItsMode(mode: Rounding.Mode, value: String, expected: String) throws {
        #expect(try Rounding(mode, decimals: 0)(decimal(value)) == decimal(expected))
    }

    @Test func leominsterRoundsTwice() throws {
        // 8.3 of 9.6 is 86.458: 86.5 to a tenth, and 87 from there; 86 at once.
        let exact = try Ratio(830, over: 96) * Ratio(10)
        let tenth = try Rounding(.halfUp, decimals: 1)(exact)
        #expect(tenth.text(decimals: 1) == "86.5")
        #expect(tenth.text(decimals: 0) == "87")
        #expect(exact.text(decimals: 0) == "86")
    }

    @Test func textHasTheDecimalsAskedFor() throws {
        #expect(try Ratio(39, over: 40).text(decimals: 4) == "0.9750")
        #expect(try Ratio(-1, over: 20).text(decimals: 2) == "-0.05")
        // What is shown as zero has no sign.
        #expect(try Ratio(-1, over: 25).text(decimals: 1) == "0.0" && Ratio(-1, over: 25).text(decimals: 0) == "0")
        #expect(try Ratio(1, over: 3).exactText == nil)
        #expect(try Ratio(1, over: 3).shortText == "0.333333")
        #expect(decimal("54.520").exactText == "54.52")
    }

    /// A decimal has up to 36 digits, which 128 bits hold with either sign.
    @Test func thirtySixDigitsAreRead() throws {
        let nines = String(repeating: "9", count: 36)
        #expect(try Ratio(decimal: nines).exactText == nines && Ratio(decimal: "-\(nines)").exactText == "-\(nines)")
        #expect(throws: NumberError.overflow) { try Ratio(decimal: nines + "0") }
        #expect(throws: NumberError.overflow) { try Ratio(decimal: "0." + nines) }
    }

    @Test func overflowIsReported() throws {
        let long = Ratio(Int64.max)
        #expect(try long + long == decimal("18446744073709551614") && (try long * Ratio(2)) == long + long)
        #expect(throws: NumberError.divisionByZero) { try long / .zero }
        #expect(try Ratio(1, over: Int64.max) < long)
        #expect(-Ratio(Int64.min) == decimal("9223372036854775808"))
        let huge = try long * long
        #expect(throws: NumberError.overflow) { try huge * long }
        #expect(throws: NumberError.overflow) { try huge + huge + huge + huge }
        #expect(throws: NumberError.overflow) { try huge.floor }
        #expect(throws: NumberError.overflow) { try Rounding(.halfUp, decimals: 18).units(long) }
        #expect(throws: NumberError.overflow) { try Ratio(decimal: String(repeating: "9", count: 40)) }
        #expect(Ratio.reading("57.x") == nil && Ratio.reading(String(repeating: "9", count: 40)) == nil)
    }

    /// A rate as a script prints it: 579 of 1,002, and 57.784431137724546 of 1,002 is 579 again.
    @Test func aRateOfFifteenDecimalsTimesItsCohort() throws {
        let rate = decimal("57.784431137724546")
        let share = try rate * Ratio(1002) / .hundred
        #expect(share.exactText == "578.99999999999995092")
        #expect(try Rounding(.halfUp, decimals: 0).units(share) == 579)
        #expect(rate.shortText == "57.784431137724546")
    }

    /// Decimals of 1 to 18 places times counts up to millions, against the arithmetic of digits on paper.
    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func noInputInRangeOverflows(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            let places = Int.random(in: 1...18, using: &random)
            let whole = Int.random(in: 0...1000, using: &random)
            let digits = (0..<places).map { _ in UInt8.random(in: 0...9, using: &random) }
            let value = decimal("\(whole)." + digits.map { String($0) }.joined())
            let count = Int64.random(in: 1...10_000_000, using: &random)
            let product = try value * Ratio(count)
            #expect(product.text(decimals: 18) == Self.onPaper(whole, digits, times: count))
            #expect(try product / Ratio(count) == value)
            #expect(try product / .hundred * .hundred == product)
            let other = decimal(
                "\(Int.random(in: 0...1000, using: &random)).\(Int64.random(in: 1...(1 << 59), using: &random))"
            )
            #expect(try (value < other) == ((value - other) < .zero))
            #expect(try value + other - other == value)
            #expect(try other - value == -(value - other))
            #expect((-value < -other) == (other < value))
            #expect(try (value * decimal("67.5") + other * decimal("32.5")) / .hundred >= min(value, other))
            #expect(try (value * Ratio(40) + other * Ratio(60)) / .hundred >= min(value, other))
            for mode in [Rounding.Mode.halfUp, .halfEven, .down] {
                let tenth = try Rounding(mode, decimals: 1)(value)
                #expect(try (value - tenth).magnitude <= Ratio(1, over: mode == .down ? 10 : 20))
            }
        }
    }

    /// A decimal times a count, digit by digit, with 18 decimals.
    private static func onPaper(_ whole: Int, _ digits: [UInt8], times count: Int64) -> String {
        let padded = digits + [UInt8](repeating: 0, count: 18 - digits.count)
        var carry: Int64 = 0
        var product: [String] = []
        for digit in padded.reversed() {
            let units = Int64(digit) * count + carry
            product.insert(String(units % 10), at: 0)
            carry = units / 10
        }
        return "\(Int64(whole) * count + carry)." + product.joined()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func orderAndArithmeticAgree(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            let left = try Ratio(.random(in: -9999...9999, using: &random), over: .random(in: 1...999, using: &random))
            let right = try Ratio(.random(in: -9999...9999, using: &random), over: .random(in: 1...999, using: &random))
            #expect(try (left < right) == ((left - right) < .zero))
            #expect(try left + right - right == left)
            if right != .zero { #expect(try left * right / right == left) }
        }
    }
}
