"""Chromium without a window, and the few things that the tests do with Kubeflow's pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Browser:
    """One window."""

    def __init__(self, driver: Any, address: str, seconds: float = 30) -> None:
        """Hold the driver.

        Args:
            driver: of Selenium.
            address: of Kubeflow's user interface.
            seconds: for which something is waited for.
        """
        from selenium.webdriver.support.ui import WebDriverWait

        self.driver, self.address = driver, address.rstrip("/")
        self._wait = WebDriverWait(driver, seconds)

    def go(self, page: str) -> None:
        """Open a page: what stands behind the # in its address."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}/#{page}")

    def by_id(self, name: str) -> Any:
        """Wait for the element with an id that can be used."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support import expected_conditions as expected

        return self._wait.until(expected.element_to_be_clickable((By.ID, name)))

    def type(self, name: str, text: str) -> None:
        """Put a text in place of what stands in a field."""
        from selenium.webdriver.common.keys import Keys

        field = self.by_id(name)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE)
        field.send_keys(text)

    def click(self, text: str) -> None:
        """Click what shows exactly this text."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support import expected_conditions as expected

        where = (By.XPATH, f"//*[normalize-space(text())='{text}']")
        element = self._wait.until(expected.presence_of_element_located(where))
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self._wait.until(expected.element_to_be_clickable(where)).click()

    def choose(self, node: str) -> None:
        """Choose a node of a run's graph, such as task.evaluate or artifact.evaluate.metrics."""
        self._in_graph(node, "button")

    def enter(self, node: str) -> None:
        """Open what lies inside a node of a run's graph."""
        self._in_graph(node, "svg")

    def _in_graph(self, node: str, part: str) -> None:
        from selenium.webdriver.common.by import By

        # What is outside the visible part takes no click of a mouse. A node's last symbol opens it.
        where = (By.CSS_SELECTOR, f".react-flow__node[data-id='{node}'] {part}")
        found = self._wait.until(lambda driver: driver.find_elements(*where))
        click = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
        self.driver.execute_script(click, found[-1])

    def see(self, *texts: str) -> None:
        """Wait until the page shows each of the texts.

        Raises:
            TimeoutError: one of them did not show.
        """
        from selenium.common.exceptions import TimeoutException

        for text in texts:
            try:
                self._wait.until(lambda _, text=text: text in self.shown())
            except TimeoutException as error:
                raise TimeoutError(f"{text!r} does not show on {self.driver.current_url}") from error

    def shown(self) -> str:
        """Return what the page shows, its frames included."""
        from selenium.webdriver.common.by import By

        text = str(self.driver.find_element(By.TAG_NAME, "body").text)
        for frame in self.driver.find_elements(By.TAG_NAME, "iframe"):
            self.driver.switch_to.frame(frame)
            text += "\n" + str(self.driver.find_element(By.TAG_NAME, "body").text)
            self.driver.switch_to.default_content()
        return text

    def picture(self, path: Path) -> None:
        """Save what the window shows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))


@contextmanager
def browser(address: str) -> Iterator[Browser]:
    """Start Chromium, or skip where there is none."""
    pytest.importorskip("selenium", reason="the extra e2e is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not on the PATH")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1500,1000"):
        options.add_argument(flag)
    started = webdriver.Chrome(options, Service(driver))
    try:
        yield Browser(started, address)
    finally:
        started.quit()
