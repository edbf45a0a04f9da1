import Testing

@testable import Console

/// The answers that are kept for everyone.
@Suite struct KeptAnswersTests {
    /// Asks for a page of ten bytes, and says whether it was made anew.
    private func isMade(_ number: Int, _ kept: KeptAnswers, tag: String = "a", bytes: Int = 10) throws -> Bool {
        var isMade = false
        let answer = try kept.answer(to: RequestTarget("/\(number)"), tag) { () throws(Problem) in
            isMade = true
            return ConsoleResponse(status: 200, headers: [], body: Array(repeating: UInt8(number & 255), count: bytes))
        }
        #expect(answer.body.first == UInt8(number & 255))
        return isMade
    }

    /// A page that is asked for again and again stays, however many others come and go.
    @Test(arguments: [KeptAnswers.Size(bytes: 1 << 20, answers: 8), KeptAnswers.Size(bytes: 80, answers: 1 << 20)])
    func whatIsAskedForStays(most: KeptAnswers.Size) throws {
        let kept = KeptAnswers(most: most)
        #expect(try isMade(0, kept))
        for number in 1...40 {
            #expect(try isMade(number, kept))
            #expect(try !isMade(0, kept), "after \(number)")
        }
        #expect(try !isMade(40, kept))
        #expect(try isMade(1, kept))
    }

    /// Nothing outlives the data it was made of.
    @Test func otherDataMakeEverythingAnew() throws {
        let kept = KeptAnswers()
        #expect(try isMade(0, kept))
        #expect(try !isMade(0, kept))
        #expect(try isMade(0, kept, tag: "b"))
    }

    /// A page that is too large is answered, but takes no other page's place.
    @Test func aPageThatIsTooLargeIsNotKept() throws {
        let kept = KeptAnswers(most: KeptAnswers.Size(bytes: 80, answers: 8))
        #expect(try isMade(0, kept))
        #expect(try isMade(1, kept, bytes: 41))
        #expect(try isMade(1, kept, bytes: 41))
        #expect(try !isMade(0, kept))
    }
}
