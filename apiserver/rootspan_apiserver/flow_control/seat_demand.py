"""How many seats a priority level wanted in a period, which decides how many it gets in the next.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/integrator.go,
staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (seatDemandStats)
"""

import math

SMOOTHING = 0.977
"""The part of the smoothed demand that remains after a period: half of it after five minutes."""


class SeatDemand:
    """The demand for seats.

    Attributes:
        high_watermark: The most seats in the last period.
        average, deviation: Of the seats, over the time of the last period.
        smoothed: Rises with the demand at once, and falls slowly.
    """

    def __init__(self) -> None:
        self.high_watermark = 0
        self.average = self.deviation = self.smoothed = 0.0
        self._present = 0
        self._begin()

    def _begin(self) -> None:
        self._seconds = self._integral = self._integral_of_squares = 0.0
        self._highest = self._present

    def spend(self, seats: int, seconds: float) -> None:
        """Count a time in which `seats` were wanted."""
        self._seconds += seconds
        self._integral += seats * seconds
        self._integral_of_squares += seats * seats * seconds
        self._highest = max(self._highest, seats)

    def end_period(self, present: int) -> None:
        """Take up what was counted, and begin again while `present` seats are wanted."""
        self.high_watermark = self._highest
        if self._seconds > 0:
            self.average = self._integral / self._seconds
            variance = self._integral_of_squares / self._seconds - self.average**2
            self.deviation = math.sqrt(variance) if variance > 0 else 0.0
            envelope = self.average + self.deviation
            self.smoothed = max(envelope, SMOOTHING * self.smoothed + (1 - SMOOTHING) * envelope)
        self._present = present
        self._begin()
