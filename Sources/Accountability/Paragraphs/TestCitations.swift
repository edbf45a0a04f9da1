// Generated from the citations in Tests: ParagraphCoverageTests writes it anew where REGENERATE_CITATIONS=1.
extension TestCitation {
    /// Every citation of a test, in order.
    static let all: [TestCitation] = [
        TestCitation(
            paragraph: "603 CMR 2.03(1)",
            test: "AssistancePriorityTests.yearsWithoutDeterminationsNeitherAddNorEnd"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(1)",
            test: "FrameworkLifeTests.directivesOverruleWhatTheFrameworkSaysOfItself"
        ),
        TestCitation(paragraph: "603 CMR 2.03(10)", test: "DirectiveTests.aFrameworkIsTakenThroughItsLife"),
        TestCitation(
            paragraph: "603 CMR 2.03(10)",
            test: "DirectiveTests.onlyAnApprovedFrameworkMakesDeterminationsOfficial"
        ),
        TestCitation(paragraph: "603 CMR 2.03(10)", test: "FrameworkLifeTests.keepsWhatOthersRestOn"),
        TestCitation(paragraph: "603 CMR 2.03(10)", test: "FrameworkLifeTests.takesStepsInOrder"),
        TestCitation(
            paragraph: "603 CMR 2.03(10)",
            test: "NoticeEventTests.tellsEveryoneOfACommentPeriodAndOfTheCommentsWhenItEnds"
        ),
        TestCitation(paragraph: "603 CMR 2.03(11)", test: "DepartmentTests.theReportSaysWhatWasSuspended"),
        TestCitation(paragraph: "603 CMR 2.03(11)", test: "DirectiveTests.aSuspensionIsOf2022AndOfTheStatedCause"),
        TestCitation(paragraph: "603 CMR 2.03(11)", test: "DirectiveTests.whatIsSuspendedIsAbsentAndSaysWhy"),
        TestCitation(paragraph: "603 CMR 2.03(11)", test: "SuspensionTests.needsTheStatedCause"),
        TestCitation(paragraph: "603 CMR 2.03(11)", test: "SuspensionTests.reachesSchoolYear2022Alone"),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(a)",
            test: "PercentileNormTests.afterTheReleaseACorrectionIsPlacedAmongTheOthers"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(a)",
            test: "PercentileNormTests.beforeTheReleaseEverybodyIsRankedAnew"
        ),
        TestCitation(paragraph: "603 CMR 2.03(2)(a)", test: "PercentileTests.ranksRunFrom1To99"),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(b)",
            test: "PercentileNormTests.progressOfEnglishLearnersHasThresholdsWithinItsDifficultyQuartile"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(b)",
            test: "PointsTests.progressOfEnglishLearnersIsJudgedWithinItsDifficultyQuartile"
        ),
        TestCitation(paragraph: "603 CMR 2.03(2)(b)", test: "PublishedReportsTests.bothWaysGiveTheSame"),
        TestCitation(paragraph: "603 CMR 2.03(2)(b)", test: "TargetPercentageTests.leominster2019"),
        TestCitation(paragraph: "603 CMR 2.03(2)(b)(1)", test: "PublishedReportsTests.bothWaysGiveTheSame"),
        TestCitation(paragraph: "603 CMR 2.03(2)(b)(1)", test: "TargetPercentageTests.leominster2019"),
        TestCitation(paragraph: "603 CMR 2.03(2)(b)(2)", test: "DeterminationStageTests.hidesSmallGroups"),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(c)",
            test: "ResearchFileTests.finalPercentileFromThePrintedWeightedMeans"
        ),
        TestCitation(paragraph: "603 CMR 2.03(2)(d)", test: "ParticipationTests.publishedRates2007To2012"),
        TestCitation(paragraph: "603 CMR 2.03(2)(d)(1)", test: "ParticipationTests.publishedRates2007To2012"),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(d)(2)",
            test: "NoticeEventTests.tellsOfLowParticipationOnceAndWhenItIsOver"
        ),
        TestCitation(paragraph: "603 CMR 2.03(2)(d)(2)", test: "ParticipationTests.gillMontague2018"),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(e)",
            test: "DeterminationTests.allReasonsAreListedAndTheFirstRankGivesTheLevel"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(e)",
            test: "FederalDesignationTests.theLowestUnderTitle1AreInComprehensiveSupport"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(2)(e)",
            test: "FederalStageTests.anIdentificationOf2018StandsIn2019AndIsCorrectedWithIt"
        ),
        TestCitation(paragraph: "603 CMR 2.03(2)(f)", test: "DepartmentTests.proposesAndNotesWhoIsRecognised"),
        TestCitation(paragraph: "603 CMR 2.03(2)(f)", test: "RecognitionCandidateTests.proposesByEachFigure"),
        TestCitation(paragraph: "603 CMR 2.03(3)", test: "DirectiveTests.aChangeOnAppealIsSaidOfWhomItIs"),
        TestCitation(
            paragraph: "603 CMR 2.03(3)",
            test: "DirectiveTests.onlyAnApprovedFrameworkMakesDeterminationsOfficial"
        ),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)", test: "DeterminationTests.districtsHaveNoPercentileTrigger"),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)(1)", test: "DeterminationTests.districtsHaveThreeReasons"),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)(1)(a)", test: "DeterminationTests.districtsHaveThreeReasons"),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)(1)(b)(i)", test: "DeterminationTests.districtsHaveThreeReasons"),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)(1)(b)(ii)", test: "DeterminationTests.districtsHaveThreeReasons"),
        TestCitation(paragraph: "603 CMR 2.03(3)(a)(2)", test: "DeterminationTests.districtsHaveNoPercentileTrigger"),
        TestCitation(paragraph: "603 CMR 2.03(3)(b)", test: "Determinations2019Tests.workbook"),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)",
            test: "NoticeEventTests.tellsOfLowPerformingGroupsWithTheirPercentiles"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)(1)",
            test: "DeterminationTests.allReasonsAreListedAndTheFirstRankGivesTheLevel"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)(1)(a)",
            test: "DeterminationTests.allReasonsAreListedAndTheFirstRankGivesTheLevel"
        ),
        TestCitation(paragraph: "603 CMR 2.03(3)(b)(1)(b)(i)", test: "DeterminationTests.lowestTenPercent"),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)(1)(b)(ii)",
            test: "DeterminationTests.lowSubgroupsAreThoseUpToTheCut"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)(1)(b)(iii)",
            test: "DeterminationTests.allReasonsAreListedAndTheFirstRankGivesTheLevel"
        ),
        TestCitation(
            paragraph: "603 CMR 2.03(3)(b)(1)(b)(iv)",
            test: "DeterminationTests.allReasonsAreListedAndTheFirstRankGivesTheLevel"
        ),
        TestCitation(paragraph: "603 CMR 2.03(3)(b)(2)", test: "DeterminationTests.lowestTenPercent"),
        TestCitation(paragraph: "603 CMR 2.03(4)", test: "DirectiveTests.reviewsAndFilingsArePublishedWhole"),
        TestCitation(
            paragraph: "603 CMR 2.03(4)",
            test: "ReviewTests.gathersADistrictItsSchoolsAndItsRatingsInAnyOrder"
        ),
        TestCitation(paragraph: "603 CMR 2.03(5)", test: "DepartmentTests.comparesYearsSideBySide"),
        TestCitation(paragraph: "603 CMR 2.03(5)", test: "SimilarOrganizationTests.measuresInStandardDeviations"),
        TestCitation(paragraph: "603 CMR 2.03(5)", test: "SimilarOrganizationTests.staysWithinTheClassAndGivesTen"),
        TestCitation(paragraph: "603 CMR 2.03(6)", test: "ReviewTests.hasTheSixStandards"),
        TestCitation(paragraph: "603 CMR 2.03(6)(a)", test: "ReviewTests.hasTheSixStandards"),
        TestCitation(paragraph: "603 CMR 2.03(6)(b)", test: "DepartmentTests.publishesTheStandardsWithTheirIndicators"),
        TestCitation(paragraph: "603 CMR 2.03(6)(b)", test: "PlanningTests.aTemplateHasEveryPartThatTheLawNames"),
        TestCitation(paragraph: "603 CMR 2.03(7)", test: "DirectiveTests.reviewsAndFilingsArePublishedWhole"),
        TestCitation(paragraph: "603 CMR 2.03(7)", test: "FrameworkTests.planningGoesOnInYearsWithoutAFramework"),
        TestCitation(paragraph: "603 CMR 2.03(7)", test: "NoticeEventTests.tellsOfPlansThatAreDueAndOverdueOnce"),
        TestCitation(paragraph: "603 CMR 2.03(7)", test: "PlanningTests.aSelfEvaluationIsForAYear"),
        TestCitation(paragraph: "603 CMR 2.03(7)(a)", test: "PlanningTests.aDistrictPlanCoversThreeYears"),
        TestCitation(
            paragraph: "603 CMR 2.03(7)(b)",
            test: "PlanningTests.aSchoolPlanIsAlignedWithThePlanThatCoversItsYear"
        ),
        TestCitation(paragraph: "603 CMR 2.03(7)(b)", test: "PlanningTests.aSchoolPlanIsDueOnTheFirstOfJuly"),
        TestCitation(paragraph: "603 CMR 2.03(7)(c)", test: "PlanningTests.namesMissingParts"),
        TestCitation(paragraph: "603 CMR 2.03(7)(d)", test: "PlanningTests.namesMissingParts"),
        TestCitation(paragraph: "603 CMR 2.03(8)", test: "AssistancePriorityTests.readsTheSeverityOfADetermination"),
        TestCitation(paragraph: "603 CMR 2.03(8)(a)", test: "PlanningTests.aTemplateHasEveryPartThatTheLawNames"),
        TestCitation(
            paragraph: "603 CMR 2.03(8)(b)",
            test: "AssistancePriorityTests.putsTheMostSevereFirstAndOfEqualsTheLongest"
        ),
        TestCitation(paragraph: "603 CMR 2.03(8)(b)", test: "DepartmentTests.ordersDistrictsByDetermination"),
        TestCitation(paragraph: "603 CMR 2.03(9)", test: "DepartmentTests.theReportIsMadeFromDeterminationsAlone"),
        TestCitation(paragraph: "603 CMR 2.03(9)", test: "StatewideResultsTests.countsEachOnceAndEachReason"),
    ]
}
