#pragma once

// The settings of the payment service, declared once: for its server and its Lambda functions. Only
// mains include this: linking it registers the flags.

#include "services/payment/payment_core.h"

namespace orderflow::payment {

// What the flags say, after settings::ParseSettings.
PaymentCoreOptions OptionsFromFlags();

}  // namespace orderflow::payment
