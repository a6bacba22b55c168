// Builds the image for PC and Pi at once, from the project's folder:
//   docker buildx bake --file docker/remote_station/docker-bake.hcl --push
// Each variable can be set in the environment.

variable "IMAGE" {
  default = "anavi_weather/remote_station"
}

variable "TAG" {
  default = "latest"
}

variable "HOME_ASSISTANT_IMAGE" {
  default = "ghcr.io/home-assistant/home-assistant"
}

variable "HOME_ASSISTANT_VERSION" {
  default = "2026.11.0"
}

group "default" {
  targets = ["remote_station"]
}

target "remote_station" {
  context    = "."
  dockerfile = "docker/remote_station/Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  args = {
    HOME_ASSISTANT_IMAGE   = HOME_ASSISTANT_IMAGE
    HOME_ASSISTANT_VERSION = HOME_ASSISTANT_VERSION
  }
  tags = ["${IMAGE}:${TAG}"]
}
