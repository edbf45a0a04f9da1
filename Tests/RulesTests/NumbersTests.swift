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
        #expect(try Ratio(1, over: 3).exactText == nil)
        #expect(try Ratio(1, over: 3).shortText == "0.333333")
        #expect(decimal("54.520").exactText == "54.52")
    }

    @Test func overflowIsReported() throws {
        let huge = Ratio(Int64.max)
        #expect(throws: NumberError.overflow) { try huge + huge }
        #expect(throws: NumberError.overflow) { try huge * Ratio(2) }
        #expect(throws: NumberError.divisionByZero) { try huge / .zero }
        #expect(throws: NumberError.overflow) { try Ratio(decimal: String(repeating: "9", count: 30)) }
        #expect(try Ratio(1, over: Int64.max) < huge)
        #expect(-Ratio(Int64.min) == huge)
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
