import Hummingbird

/// What a route knows of its request besides the request itself.
struct VitrineContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
