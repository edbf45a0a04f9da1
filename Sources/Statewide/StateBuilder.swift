import Messages

/// Lays out districts and schools in the proportions of a real state: 400 districts and 1,850 schools for 950,000
/// students.
///
/// A smaller state has smaller schools, so that every kind of school is there and has enough peers.
struct StateBuilder {
    private static let fullSize = 950_000
    private static let citySizes = Curve(
        points: [500, 900, 1400, 1900, 2400, 3000, 3600, 4400, 5600, 8200, 32_000]
    )
    private static let regionSizes = Curve(points: [1100, 1500, 1900, 2300, 3400])
    /// Sizes of schools of one kind, by eighths: nearly log-normal.
    private static let schoolSizes = Curve(points: [300, 560, 720, 860, 1000, 1160, 1370, 1700, 2600])
    /// The size of an ordinary elementary school, in a whole state and in the smallest one.
    private static let elementarySize = (whole: 495, least: 90)

    var state = State()
    var random: Random
    let seed: UInt64
    let students: Int
    /// The students of an ordinary state in these places.
    let ordinary: Int
    /// How much larger schools are than in an ordinary state with these places, in thousandths.
    let stretch: Int
    var schoolsOfDistrict: [Int] = []

    init(seed: UInt64, students: Int, ordinary: Int) {
        self.seed = seed
        self.students = students
        self.ordinary = ordinary
        random = Random(seed: seed, stream: 1)
        let size = StateBuilder.elementarySize
        let elementary = min(max(100 + (students - 3000) / 50, size.least), size.whole)
        stretch = elementary * 1000 / size.whole * ordinary / max(1, students)
    }

    /// The state for so many students.
    static func build(seed: UInt64, students: Int) -> State {
        let cities = max(7, scaled(200, students))
        let regions = max(1, scaled(35, students))
        let sizes = (0..<cities).map { citySizes.value(at: 2 * $0 + 1, of: 2 * cities) }
        let regional = (0..<regions).map { regionSizes.value(at: 2 * $0 + 1, of: 2 * regions) }
        let ordinary = (sizes + regional).reduce(0, +)
        var builder = StateBuilder(seed: seed, students: students, ordinary: ordinary)
        for index in 0..<cities {
            let role = Role(index, of: cities)
            builder.addCity(size: sizes[index], rank: (index + 1) * 100 / cities, role: role)
        }
        for size in regional { builder.addRegion(size: size) }
        // Charter schools open in the larger cities, vocational schools beside the middle ones.
        for index in 0..<max(students < 6000 ? 4 : 6, scaled(45, students)) {
            let catchment = index < Charter.first.count ? cities - 1 : cities - 1 - index % max(1, cities / 4)
            builder.addCharter(catchment: catchment, index: index)
        }
        for index in 0..<max(1, scaled(15, students)) {
            builder.addVocational(catchment: (cities / 3 + index * 3) % cities)
        }
        builder.addIsland()
        return builder.finish()
    }

    static func scaled(_ count: Int, _ students: Int) -> Int {
        (count * students + StateBuilder.fullSize / 2) / StateBuilder.fullSize
    }

    mutating func finish() -> State {
        var sum = 0
        for index in state.catchments.indices {
            sum += state.catchments[index].size
            state.ends.append(sum)
            for level in state.catchments[index].levels.indices { state.catchments[index].levels[level].close() }
            let catchment = state.catchments[index]
            state.neighbourhoods.append(
                (0..<16).map { catchment.poverty(home: $0 << 12, seed: seed, index: index) }
            )
        }
        let step = min(10, max(1, 9990 / max(1, state.districts.count)))
        for index in state.districts.indices {
            state.districts[index].code = StateBuilder.digits((index + 1) * step) + "0000"
        }
        var numbers = [Int](repeating: 0, count: state.districts.count)
        for index in state.schools.indices {
            let district = state.schools[index].district
            numbers[district] += 5
            state.schools[index].code =
                state.districts[district].code.prefix(4) + StateBuilder.digits(numbers[district])
        }
        return state
    }

    static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }

    // MARK: Places

    mutating func addDistrict(_ kind: String) -> Int {
        let index = state.districts.count
        let name = Names.place(index) + kind
        let region = ["Coastal", "West/Central", "Greater Boston"][random.below(3)]
        state.districts.append(District(code: "", name: name, region: region))
        schoolsOfDistrict.append(0)
        return index
    }

    mutating func addSchool(_ grades: ClosedRange<Int>, district: Int, poverty: Int) -> Int {
        let index = state.schools.count
        var school = School(grades: grades)
        school.district = district
        let quality = random.normal(170)
        let growth = random.normal(220)
        let absence = random.normal(220)
        school.lean = random.normal(70)
        let usual = grades.upperBound >= 10 ? 16 : 8
        for year in 0..<3 {
            school.quality[year] = quality + random.normal(80)
            school.growth[year] = growth + random.normal(110)
            school.absence[year] = absence + random.normal(70)
            school.missed[year] = random.chance(45) ? random.within(50...95) : max(2, usual + random.normal(5))
        }
        school.title1 = poverty > 380 && grades.lowerBound < 9 || random.chance(poverty)
        schoolsOfDistrict[district] += 1
        let place = Names.place(district)
        school.name = Names.school(place, type: school.type(in: 2), number: schoolsOfDistrict[district])
        state.schools.append(school)
        return index
    }

    mutating func newCatchment(size: Int, poverty: Int) -> Catchment {
        let white = min(max(980 - poverty + random.normal(70), 110), 940)
        let others = 1000 - white
        let asianPart = random.within(110...380) * (1000 - poverty) / 800
        let blackPart = random.within(100...280)
        // The rest of those who are not white: mostly Hispanic, some multi-race, very few of the two small groups.
        var shares = [2 + others / 300, others * asianPart / 1000, others * blackPart / 1000, 0, 0, 1, white]
        shares[4] = 20 + others / 25
        shares[3] = max(0, 1000 - shares.reduce(0, +))
        var sum = 0
        let races = shares.map { share in
            sum += share
            return sum
        }
        var catchment = Catchment(size: size, poverty: poverty, learners: random.within(110...230), races: races)
        catchment.quality = random.normal(140)
        return catchment
    }

    // MARK: Schools

    /// The schools of a city between two grades.
    mutating func level(
        _ grades: ClosedRange<Int>,
        _ cohort: Int,
        average: Int,
        lowest: Int,
        _ district: Int,
        _ poverty: Int
    ) -> Catchment.Level {
        var level = Catchment.Level(grades: grades)
        let students = cohort * grades.count
        let size = max(1, average * stretch / 1000)
        let count = max(1, (students + size / 2) / size)
        for index in 0..<count {
            let splits = grades.lowerBound == 1 && grades.upperBound < 8 && count > 2 && index % 6 == 2
            if splits {
                let early = addSchool(-1...2, district: district, poverty: poverty)
                let late = addSchool(3...grades.upperBound, district: district, poverty: poverty)
                level.slots.append(
                    .init(weight: schoolSize() * 3 / 2, schools: [(2, early), (grades.upperBound, late)])
                )
                continue
            }
            let school = addSchool(lowest...grades.upperBound, district: district, poverty: poverty)
            level.slots.append(.init(weight: schoolSize(), schools: [(grades.upperBound, school)]))
        }
        return level
    }

    mutating func schoolSize() -> Int {
        StateBuilder.schoolSizes.value(at: random.below(4096), of: 4096)
    }
}
