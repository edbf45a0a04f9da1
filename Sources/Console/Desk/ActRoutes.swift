internal import Foundation
internal import Operating
internal import Rules

/// The API's addresses for acts: the same acts as those of the forms, by the same way, for the same roles.
///
/// Like a form, an act is prepared first. What it would change is computed, and nothing is done before somebody
/// confirms it.
enum ActRoutes {
    /// The routes.
    static let all: [DeskRoute] = [session, upload] + acts + errands

    private static let session = DeskRoute(
        .get,
        "\(Address.api)/session",
        needs: .district,
        operation: .init(
            "Who is signed in, and the token that every request which changes something carries in the header \(ConsoleRequest.tokenHeader).",
            schema: SessionView.shape.schema
        )
    ) { call in
        .json(SessionView.shape.json(SessionView(account: try call.account(.district), token: call.frame.token)))
    }

    private static let upload = DeskRoute(
        .post,
        "\(Address.api)/uploads",
        needs: Acts.upload.needs,
        query: [QueryParameter("name", "The name of the file.", .text(200))],
        bodyLimit: UploadPage.most,
        operation: .init(
            "Prepares the submission of a file, which is the request's body. \(Acts.upload.about)",
            body: .file,
            success: 202,
            schema: ErrandView.shape.schema
        )
    ) { call in
        try checkType(call.request, of: .file)
        guard !call.request.body.isEmpty else { throw Problem(422, "the file is empty") }
        let file = FormData.File(name: call.query["name"] ?? "upload.csv", bytes: call.request.body[...])
        return try await accepted(try await UploadPage.begin(file, call), call)
    }

    private static let acts: [DeskRoute] = Acts.all.map { act in
        DeskRoute(
            .post,
            "\(Address.api)\(act.address)",
            needs: act.needs,
            operation: .init(
                "Prepares the act \"\(act.title)\". \(act.about)",
                body: .fields(act.fields),
                success: 202,
                schema: ErrandView.shape.schema
            )
        ) { call in
            try checkType(call.request, of: .fields(act.fields))
            return try await accepted(try await begin(act, try values(call.request.body), call), call)
        }
    }

    private static let errands: [DeskRoute] = [
        DeskRoute(
            .get,
            "\(Address.api)/errands",
            needs: .district,
            operation: .init(
                "The acts in progress that you prepared, and those that wait for a second person such as you.",
                schema: ErrandsView.shape.schema
            )
        ) { call in
            let account = try call.account(.district)
            let errands = await call.desk.errands.visible(to: account)
            let views = errands.map { ErrandView(errand: $0, account: account, tables: call.tables) }
            return .json(ErrandsView.shape.json(ErrandsView(errands: views)))
        },
        DeskRoute(
            .get,
            errand,
            needs: .district,
            operation: .init(
                "An act in progress: what it would change, who has to confirm it, and its result.",
                schema: ErrandView.shape.schema
            )
        ) { call in
            .json(try await view(call, within: ErrandPage.patience))
        },
        DeskRoute(
            .post,
            "\(errand)/confirm",
            needs: .district,
            operation: .init(
                "Confirms a prepared act, which carries it out.",
                body: .nothing,
                success: 202,
                schema: ErrandView.shape.schema
            )
        ) { call in
            let id = call.arguments["id"] ?? ""
            try await call.desk.errands.confirm(id, by: try call.account(.district))
            return try await accepted(id, call)
        },
        DeskRoute(
            .post,
            "\(errand)/discard",
            needs: .district,
            operation: .init(
                "Discards an act that is prepared or done.",
                body: .nothing,
                schema: DiscardedView.shape.schema
            )
        ) { call in
            let act = try await call.desk.errands.discard(
                call.arguments["id"] ?? "",
                by: try call.account(.district)
            )
            return .json(DiscardedView.shape.json(DiscardedView(act: act)))
        },
    ]

    private static let errand = "\(Address.api)/errands/{id}"

    // MARK: Answers

    private static func begin(_ act: Act, _ values: Act.Values, _ call: DeskRoute.Call) async throws -> String {
        let (id, faults) = try await ActPage.begin(act, values, call)
        guard let id else {
            throw Problem(
                422,
                faults.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
            )
        }
        return id
    }

    private static func accepted(_ id: String, _ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let address = errand.replacing("{id}", with: id)
        return .json(try await view(call, id), status: 202, headers: [.init("Location", address)])
    }

    private static func view(
        _ call: DeskRoute.Call,
        _ id: String? = nil,
        within patience: Duration = .zero
    ) async throws -> JSONValue {
        let account = try call.account(.district)
        let id = id ?? call.arguments["id"] ?? ""
        guard let errand = await call.desk.errands.find(id, for: account, within: patience) else {
            throw Errands.absent
        }
        return ErrandView.shape.json(ErrandView(errand: errand, account: account, tables: call.tables))
    }

    // MARK: Bodies

    /// Refuses a body of another kind.
    static func checkType(_ request: ConsoleRequest, of body: DeskOperation.Body) throws(Problem) {
        let type = (request.contentType ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        guard let wanted = body.type, type != wanted else { return }
        throw Problem(415, "this address takes only \(wanted)")
    }

    /// The values of an act in a request's body: one JSON object of texts.
    static func values(_ body: [UInt8]) throws(Problem) -> Act.Values {
        let values: Act.Values
        do {
            values = try JSONDecoder().decode(Act.Values.self, from: Data(body))
        } catch {
            throw Problem(400, "the body must be one JSON object whose values are all texts")
        }
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw Problem(422, "\(RequestTarget.shown(name)): a value may not contain control characters")
            }
        }
        return values
    }
}

/// Who is signed in.
struct SessionView: Sendable {
    let account: Account
    let token: String

    static let shape = Shape<SessionView>([
        .text("name", "The name of the account.") { $0.account.name },
        .choice("role", "Its role.", Role.ofAccounts.map(\.rawValue)) { $0.account.role.rawValue },
        .optionalText("district", "The district of the account; null for the Department's accounts.") {
            $0.account.district?.description
        },
        .text("token", "The token of this session.", pattern: "^[0-9a-f]{64}$") { $0.token },
        .texts("acts", "The acts that the role may carry out.") { view in
            ([Acts.upload] + Acts.all).filter { view.account.role >= $0.needs }.map(\.name)
        },
    ])
}

/// Acts in progress.
struct ErrandsView: Sendable {
    let errands: [ErrandView]

    static let shape = Shape<ErrandsView>([
        .list("errands", "The acts, the oldest first.", ErrandView.shape) { $0.errands }
    ])
}

/// An act that was discarded.
struct DiscardedView: Sendable {
    let act: Act

    static let shape = Shape<DiscardedView>([.text("discarded", "The name of the act.") { $0.act.name }])
}
