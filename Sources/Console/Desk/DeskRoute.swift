internal import Operating

/// An address that carries out something or calls the installation's program: forms, and the requests that they send.
struct DeskRoute: Sendable {
    /// The method of the request.
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// Everything that an answer is made from.
    struct Call: Sendable {
        let desk: Desk
        let request: ConsoleRequest
        let frame: PageFrame
        /// The part of the tables that the visitor may see.
        let tables: ConsoleTables
        var query: [String: String]
        let arguments: [String: String]
        /// The fields of the form; nil if no form was sent.
        let form: FormData?
        /// Whether a list is shown whole, for a file.
        var isWhole = false

        /// The account that acts.
        ///
        /// - Throws: ``Problem`` if it does not have the role.
        func account(_ needed: Role) throws(Problem) -> Account { try frame.visitor.checkActing(needed) }
    }

    /// An answer.
    enum Reply {
        case page(ConsoleContent, status: Int = 200, headers: [ConsoleResponse.Header] = [])
        case seeOther(String, headers: [ConsoleResponse.Header] = [])
        case json(JSONValue, status: Int = 200, headers: [ConsoleResponse.Header] = [])
    }

    let method: Method
    /// The path with its arguments in braces.
    let path: String
    /// The lowest role that gets an answer.
    let needs: Role
    let query: [QueryParameter]
    /// Whether another site writes the query, which may add parameters.
    let isForeign: Bool
    /// The most bytes that are read of a request's body.
    let bodyLimit: Int
    /// What the description of the API says about it; nil if it is not an address of the API.
    let operation: DeskOperation?
    let answer: @Sendable (Call) async throws -> Reply
    private let names: PathNames

    /// The most bytes of a form without a file.
    static let formLimit = 16_384

    init(
        _ method: Method,
        _ path: String,
        needs: Role,
        query: [QueryParameter] = [],
        isForeign: Bool = false,
        bodyLimit: Int = formLimit,
        operation: DeskOperation? = nil,
        _ answer: @escaping @Sendable (Call) async throws -> Reply
    ) {
        self.method = method
        self.path = path
        self.needs = needs
        self.query = query
        self.isForeign = isForeign
        self.bodyLimit = method == .get ? 0 : bodyLimit
        self.operation = operation
        self.answer = answer
        names = PathNames(path)
    }

    /// The names of its arguments.
    var argumentNames: [String] { names.arguments }

    /// The arguments of a path; nil if the path does not belong to this route.
    func arguments(of path: [String]) -> [String: String]? { names.arguments(of: path) }
}

extension DeskRoute.Call: PageCall {}
