internal import Rules
internal import Testing

@Suite struct FrameworkLifeTests {
    private func life(_ steps: [FrameworkStep]) -> FrameworkLife {
        var life = FrameworkLife()
        for step in steps {
            switch step {
            case .proposed: life.take(step, on: "2024-01-23")
            case .commentOpened: life.take(step, on: "2024-02-01", until: "2024-03-01")
            case .comment: life.take(step, on: "2024-02-10", by: "00350000")
            case .recommended: life.take(step, on: "2024-04-10")
            case .approved: life.take(step, on: "2024-05-21")
            }
        }
        return life
    }

    /// Steps that were taken, one that is tried, and what comes of it.
    struct Case: Sendable {
        let taken: [FrameworkStep]
        let step: FrameworkStep
        let date: String
        let end: String
        let refusal: FrameworkLife.Refusal?

        init(
            _ taken: [FrameworkStep],
            _ step: FrameworkStep,
            _ date: String,
            until end: String = "",
            _ refusal: FrameworkLife.Refusal?
        ) {
            (self.taken, self.step, self.date, self.end, self.refusal) = (taken, step, date, end, refusal)
        }
    }

    static let cases: [Case] = [
        Case([], .proposed, "2024-01-23", nil),
        Case([], .approved, "2024-05-21", .outOfOrder),
        Case([], .recommended, "2024-05-21", .outOfOrder),
        Case([], .commentOpened, "2024-02-01", until: "2024-03-01", .outOfOrder),
        Case([], .comment, "2024-02-01", .outsideCommentPeriod),
        Case([.proposed], .commentOpened, "2024-02-01", until: "2024-03-01", nil),
        Case([.proposed], .commentOpened, "2024-01-22", until: "2024-03-01", .outOfOrder),
        Case([.proposed], .commentOpened, "2024-02-01", .commentPeriodOpen),
        Case([.proposed], .approved, "2024-05-21", .outOfOrder),
        Case([.proposed, .commentOpened], .comment, "2024-03-01", nil),
        Case([.proposed, .commentOpened], .comment, "2024-03-02", .outsideCommentPeriod),
        Case([.proposed, .commentOpened], .recommended, "2024-03-01", .commentPeriodOpen),
        Case([.proposed, .commentOpened], .recommended, "2024-03-02", nil),
        Case([.proposed, .commentOpened, .recommended], .approved, "2024-04-09", .outOfOrder),
        Case([.proposed, .commentOpened, .recommended], .approved, "2024-04-10", nil),
        // A step that is moved later than the one that follows it.
        Case([.proposed, .commentOpened, .recommended, .approved], .recommended, "2024-06-01", .outOfOrder),
        Case(
            [.proposed, .commentOpened, .recommended],
            .commentOpened,
            "2024-02-01",
            until: "2024-04-10",
            .commentPeriodOpen
        ),
        Case(
            [.proposed, .commentOpened, .comment],
            .commentOpened,
            "2024-02-11",
            until: "2024-03-01",
            .outsideCommentPeriod
        ),
    ]

    /// 603 CMR 2.03(10).
    @Test(arguments: cases)
    func takesStepsInOrder(_ tried: Case) {
        #expect(life(tried.taken).refusal(of: tried.step, on: tried.date, until: tried.end) == tried.refusal)
    }

    /// 603 CMR 2.03(10).
    @Test func keepsWhatOthersRestOn() {
        let life = life([.proposed, .commentOpened, .comment, .recommended])
        #expect(life.refusalToWithdraw(.proposed) == .restedUpon)
        #expect(life.refusalToWithdraw(.commentOpened) == .restedUpon)
        #expect(life.refusalToWithdraw(.recommended) == nil)
        #expect(life.refusalToWithdraw(.comment) == nil)
        var shorter = life
        shorter.withdraw(.recommended)
        #expect(shorter.refusalToWithdraw(.commentOpened) == .restedUpon)
        shorter.withdraw(.comment, by: "00350000")
        #expect(shorter.refusalToWithdraw(.commentOpened) == nil)
    }

    /// 603 CMR 2.03(1).
    @Test func directivesOverruleWhatTheFrameworkSaysOfItself() throws {
        let framework = try Framework.of(schoolYear: 2019)
        #expect(FrameworkLife().approves(framework))
        #expect(!life([.proposed, .commentOpened, .recommended]).approves(framework))
        let approved = life([.proposed, .commentOpened, .comment, .recommended, .approved])
        #expect(approved.approves(framework))
        #expect(approved.comments == 1 && approved.lastStep == .approved && approved.commentsUntil == "2024-03-01")
        let silent = try Framework.load(
            file: "draft.yaml",
            text: Framework.documents.first { $0.name == "2007" }?.text
                .replacing("board_approved: {value: true", with: "board_approved: {value: false") ?? ""
        )
        #expect(!FrameworkLife().approves(silent))
    }
}
