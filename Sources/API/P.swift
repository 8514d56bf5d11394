import Hummingbird
import HummingbirdTLS
import JWTKit
