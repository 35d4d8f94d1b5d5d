// One function for each observer's file; the list in observers.cpp calls them.
#pragma once

#include "observe/observers/observer.h"

namespace bw {

Observer min_max_observer();
Observer moving_average_observer();
Observer percentile_observer();
Observer entropy_observer();
Observer mse_observer();
Observer octav_observer();
Observer torch_histogram_observer();

}  // namespace bw
